DROP INDEX "activities_mark";--> statement-breakpoint
ALTER TABLE "records_in" DROP CONSTRAINT "records_in_peer_digest_pk";--> statement-breakpoint
ALTER TABLE "records_in" ADD CONSTRAINT "records_in_digest_peer_pk" PRIMARY KEY("digest","peer");--> statement-breakpoint
CREATE UNIQUE INDEX "activities_mark" ON "activities" USING btree ("mark") WHERE "activities"."mark" is not null;