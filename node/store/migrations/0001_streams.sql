-- The texts of received records move into their envelopes, and sealing becomes a mark in the stream instead of a flag on every record.
CREATE TABLE "alarms" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"peer" text NOT NULL,
	"subject" text NOT NULL,
	"raised_ms" bigint NOT NULL,
	"open" boolean NOT NULL,
	"acknowledged_ms" bigint,
	"acknowledged_by" text
);
--> statement-breakpoint
CREATE TABLE "leases" (
	"name" text PRIMARY KEY NOT NULL,
	"holder" text NOT NULL,
	"until_ms" bigint NOT NULL
);
--> statement-breakpoint
DROP INDEX "records_in_place";--> statement-breakpoint
DROP INDEX "records_out_unsealed";--> statement-breakpoint
DROP INDEX "records_out_place";--> statement-breakpoint
ALTER TABLE "records_out" DROP CONSTRAINT "records_out_pkey";--> statement-breakpoint
ALTER TABLE "records_out" ADD CONSTRAINT "records_out_peer_position_pk" PRIMARY KEY("peer","position");--> statement-breakpoint
ALTER TABLE "envelopes_in" ADD COLUMN "lines" text;--> statement-breakpoint
-- A record that was said again was kept once, where it first came: the digests in the signed payload say which lines an envelope has.
UPDATE "envelopes_in" e SET "lines" = (SELECT string_agg(coalesce(r."text", 'null'), E'\n' ORDER BY d."i") FROM jsonb_array_elements_text(convert_from(decode(rpad(translate(split_part(e."jws", '.', 2), '-_', '+/'), (length(split_part(e."jws", '.', 2)) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb -> 'records') WITH ORDINALITY AS d("digest", "i") LEFT JOIN "records_in" r ON r."peer" = e."peer" AND r."digest" = d."digest");--> statement-breakpoint
ALTER TABLE "envelopes_in" ALTER COLUMN "lines" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "envelopes_out" ADD COLUMN "first_position" bigint;--> statement-breakpoint
UPDATE "envelopes_out" e SET "first_position" = (SELECT min(r."position") FROM "records_out" r WHERE r."peer" = e."peer" AND r."epoch" = e."epoch" AND r."seq" = e."seq");--> statement-breakpoint
ALTER TABLE "envelopes_out" ALTER COLUMN "first_position" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "envelopes_out" ADD COLUMN "last_position" bigint;--> statement-breakpoint
UPDATE "envelopes_out" e SET "last_position" = (SELECT max(r."position") FROM "records_out" r WHERE r."peer" = e."peer" AND r."epoch" = e."epoch" AND r."seq" = e."seq");--> statement-breakpoint
ALTER TABLE "envelopes_out" ALTER COLUMN "last_position" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "peer_keys" ADD COLUMN "from_epoch" integer;--> statement-breakpoint
UPDATE "peer_keys" SET "from_epoch" = 1;--> statement-breakpoint
ALTER TABLE "peer_keys" ALTER COLUMN "from_epoch" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "peer_keys" ADD COLUMN "from_seq" integer;--> statement-breakpoint
UPDATE "peer_keys" SET "from_seq" = 1;--> statement-breakpoint
ALTER TABLE "peer_keys" ALTER COLUMN "from_seq" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "peer_keys" ADD COLUMN "until_epoch" integer;--> statement-breakpoint
ALTER TABLE "peer_keys" ADD COLUMN "until_seq" integer;--> statement-breakpoint
ALTER TABLE "peer_keys" ADD COLUMN "retired" boolean;--> statement-breakpoint
UPDATE "peer_keys" SET "retired" = false;--> statement-breakpoint
ALTER TABLE "peer_keys" ALTER COLUMN "retired" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "peer_keys" ADD COLUMN "revoked" boolean;--> statement-breakpoint
UPDATE "peer_keys" SET "revoked" = false;--> statement-breakpoint
ALTER TABLE "peer_keys" ALTER COLUMN "revoked" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "streams_in" ADD COLUMN "thawed" boolean;--> statement-breakpoint
UPDATE "streams_in" SET "thawed" = false;--> statement-breakpoint
ALTER TABLE "streams_in" ALTER COLUMN "thawed" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "streams_out" ADD COLUMN "sealed_position" bigint;--> statement-breakpoint
UPDATE "streams_out" s SET "sealed_position" = coalesce((SELECT max(r."position") FROM "records_out" r WHERE r."peer" = s."peer" AND r."sealed"), 0);--> statement-breakpoint
ALTER TABLE "streams_out" ALTER COLUMN "sealed_position" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "streams_out" ADD COLUMN "kid" text;--> statement-breakpoint
UPDATE "streams_out" SET "kid" = (SELECT i."kid" FROM "identity" i);--> statement-breakpoint
ALTER TABLE "streams_out" ALTER COLUMN "kid" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "streams_out" ADD COLUMN "kid_from" integer;--> statement-breakpoint
UPDATE "streams_out" SET "kid_from" = 1;--> statement-breakpoint
ALTER TABLE "streams_out" ALTER COLUMN "kid_from" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "streams_out" ADD COLUMN "former_kid" text;--> statement-breakpoint
ALTER TABLE "streams_out" ADD COLUMN "vouched" integer;--> statement-breakpoint
UPDATE "streams_out" SET "vouched" = 0;--> statement-breakpoint
ALTER TABLE "streams_out" ALTER COLUMN "vouched" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "streams_out" ADD COLUMN "standing" text;--> statement-breakpoint
UPDATE "streams_out" SET "standing" = 'open';--> statement-breakpoint
ALTER TABLE "streams_out" ALTER COLUMN "standing" SET NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "alarms_one_open" ON "alarms" USING btree ("kind","peer","subject") WHERE "alarms"."open";--> statement-breakpoint
CREATE INDEX "envelopes_out_positions" ON "envelopes_out" USING btree ("peer","last_position");--> statement-breakpoint
ALTER TABLE "records_in" DROP COLUMN "text";--> statement-breakpoint
ALTER TABLE "records_out" DROP COLUMN "record_id";--> statement-breakpoint
ALTER TABLE "records_out" DROP COLUMN "sealed";--> statement-breakpoint
ALTER TABLE "records_out" DROP COLUMN "epoch";--> statement-breakpoint
ALTER TABLE "records_out" DROP COLUMN "seq";--> statement-breakpoint
ALTER TABLE "records_out" DROP COLUMN "idx";