DROP INDEX "records_in_parked";--> statement-breakpoint
CREATE INDEX "records_in_parked" ON "records_in" USING btree ("peer","case_id") WHERE "records_in"."parked";