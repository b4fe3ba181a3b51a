CREATE INDEX "refusals_code" ON "refusals" USING btree ("peer","code","at_ms");--> statement-breakpoint
CREATE INDEX "refusals_age" ON "refusals" USING btree ("at_ms");