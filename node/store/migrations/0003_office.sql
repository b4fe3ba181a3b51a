CREATE TABLE "accounts" (
	"id" text PRIMARY KEY NOT NULL,
	"username" text NOT NULL,
	"name" text NOT NULL,
	"email" text NOT NULL,
	"email_verified" boolean NOT NULL,
	"image" text,
	"role" text NOT NULL,
	"organisation" text,
	"disabled" boolean NOT NULL,
	"one_time_until" bigint,
	"two_factor_enabled" boolean NOT NULL,
	"created_at" bigint NOT NULL,
	"updated_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "challenges" (
	"id" text PRIMARY KEY NOT NULL,
	"identifier" text NOT NULL,
	"value" text NOT NULL,
	"expires_at" bigint NOT NULL,
	"created_at" bigint NOT NULL,
	"updated_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "credentials" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"provider_id" text NOT NULL,
	"account_id" text NOT NULL,
	"password" text,
	"access_token" text,
	"refresh_token" text,
	"id_token" text,
	"access_token_expires_at" bigint,
	"refresh_token_expires_at" bigint,
	"scope" text,
	"created_at" bigint NOT NULL,
	"updated_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "second_factors" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"secret" text NOT NULL,
	"backup_codes" text NOT NULL,
	"verified" boolean NOT NULL,
	"failed_verification_count" integer,
	"locked_until" bigint
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"token" text NOT NULL,
	"expires_at" bigint NOT NULL,
	"ip_address" text,
	"user_agent" text,
	"created_at" bigint NOT NULL,
	"updated_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "used_codes" (
	"account" text NOT NULL,
	"code" text NOT NULL,
	"expires_ms" bigint NOT NULL,
	CONSTRAINT "used_codes_account_code_pk" PRIMARY KEY("account","code")
);
--> statement-breakpoint
CREATE TABLE "audit" (
	"seq" bigint PRIMARY KEY NOT NULL,
	"at_ms" bigint NOT NULL,
	"account" text NOT NULL,
	"role" text NOT NULL,
	"action" text NOT NULL,
	"subject" text NOT NULL,
	"outcome" text NOT NULL,
	"about" bigint,
	"detail" text NOT NULL,
	"address" text NOT NULL,
	"prev" text,
	"hash" text NOT NULL
);
--> statement-breakpoint
DROP INDEX "activities_case";--> statement-breakpoint
DROP INDEX "members_name";--> statement-breakpoint
ALTER TABLE "cases" ADD COLUMN "name" text;--> statement-breakpoint
ALTER TABLE "cases" ADD COLUMN "meaning" text;--> statement-breakpoint
ALTER TABLE "cases" ADD COLUMN "organisation" text;--> statement-breakpoint
-- What protocol/case.ts says two sides' facts mean together; from now on the node writes it with the facts.
UPDATE "cases" SET
	"name" = coalesce("home_facts"::json->'person'->>'name', "host_facts"::json->'person'->>'name', ''),
	"organisation" = CASE WHEN "side" = 'home'
		THEN (SELECT "branch" FROM "members" WHERE "members"."id" = "cases"."member")
		ELSE coalesce("host_facts"::json->'branch'->>'id', (SELECT "branch" FROM "arrivals" WHERE "arrivals"."id" = "cases"."arrival")) END,
	"meaning" = CASE
		WHEN "host_facts"::json->>'state' IN ('arrived', 'placed') AND "home_facts"::json->>'state' IN ('asserted', 'unknown') THEN 'one-sided'
		WHEN "host_facts"::json->>'state' IN ('arrived', 'placed') AND "home_facts"::json->>'state' IN ('returned', 'closed') THEN 'deviating'
		WHEN "host_facts"::json->>'state' = 'departed' AND "home_facts"::json->>'state' = 'published' THEN 'deviating'
		WHEN "host_facts"::json->>'state' IN ('arrived', 'placed') AND json_array_length("host_facts"::json->'deviations') > 0 THEN 'deviating'
		WHEN "host_facts"::json->>'dispute' IS NOT NULL AND "home_facts"::json->>'state' <> 'closed' THEN 'deviating'
		WHEN "host_facts"::json->>'state' IN ('arrived', 'placed') THEN 'agreed'
		WHEN "home_facts"::json->>'state' IN ('returned', 'closed') OR "host_facts"::json->>'state' = 'departed' THEN 'ended'
		ELSE 'pending' END;--> statement-breakpoint
ALTER TABLE "cases" ALTER COLUMN "name" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "cases" ALTER COLUMN "meaning" SET NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "accounts_username" ON "accounts" USING btree ("username");--> statement-breakpoint
CREATE UNIQUE INDEX "accounts_email" ON "accounts" USING btree ("email");--> statement-breakpoint
CREATE INDEX "challenges_identifier" ON "challenges" USING btree ("identifier");--> statement-breakpoint
CREATE INDEX "challenges_expiry" ON "challenges" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "credentials_user" ON "credentials" USING btree ("user_id");--> statement-breakpoint
CREATE UNIQUE INDEX "credentials_account" ON "credentials" USING btree ("provider_id","account_id");--> statement-breakpoint
CREATE UNIQUE INDEX "second_factors_user" ON "second_factors" USING btree ("user_id");--> statement-breakpoint
CREATE UNIQUE INDEX "sessions_token" ON "sessions" USING btree ("token");--> statement-breakpoint
CREATE INDEX "sessions_user" ON "sessions" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "used_codes_expiry" ON "used_codes" USING btree ("expires_ms");--> statement-breakpoint
CREATE INDEX "audit_account" ON "audit" USING btree ("account","seq");--> statement-breakpoint
CREATE INDEX "audit_subject" ON "audit" USING btree ("subject","seq");--> statement-breakpoint
CREATE INDEX "arrivals_page" ON "arrivals" USING btree ("state","id");--> statement-breakpoint
CREATE INDEX "arrivals_branch" ON "arrivals" USING btree ("branch","id");--> statement-breakpoint
CREATE INDEX "arrivals_name" ON "arrivals" USING btree ("name" text_pattern_ops,"id");--> statement-breakpoint
CREATE INDEX "cases_side" ON "cases" USING btree ("side","id");--> statement-breakpoint
CREATE INDEX "cases_meaning" ON "cases" USING btree ("side","meaning","id");--> statement-breakpoint
CREATE INDEX "cases_peer" ON "cases" USING btree ("peer","side","id");--> statement-breakpoint
CREATE INDEX "cases_organisation" ON "cases" USING btree ("organisation","side","id");--> statement-breakpoint
CREATE INDEX "cases_name" ON "cases" USING btree ("name" text_pattern_ops,"id");--> statement-breakpoint
CREATE INDEX "members_branch" ON "members" USING btree ("branch","name" text_pattern_ops,"id");--> statement-breakpoint
CREATE INDEX "activities_case" ON "activities" USING btree ("case_id","on_day","id");--> statement-breakpoint
CREATE INDEX "members_name" ON "members" USING btree ("name" text_pattern_ops,"id");--> statement-breakpoint
CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'entries of the audit are added, never changed or removed';
END $$;
--> statement-breakpoint
CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE ON "audit" FOR EACH ROW EXECUTE FUNCTION audit_only_grows();
--> statement-breakpoint
CREATE TRIGGER audit_is_kept BEFORE TRUNCATE ON "audit" EXECUTE FUNCTION audit_only_grows();
