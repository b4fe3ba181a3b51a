CREATE TABLE "audit_heads" (
	"peer" text NOT NULL,
	"whose" text NOT NULL,
	"day" text NOT NULL,
	"entries" bigint NOT NULL,
	"head" text NOT NULL,
	"at_ms" bigint NOT NULL,
	"position" bigint,
	CONSTRAINT "audit_heads_peer_whose_day_pk" PRIMARY KEY("peer","whose","day")
);
--> statement-breakpoint
CREATE TABLE "export_requests" (
	"id" text PRIMARY KEY NOT NULL,
	"account" text NOT NULL,
	"role" text NOT NULL,
	"organisation" text,
	"list" text NOT NULL,
	"sealed" "bytea" NOT NULL,
	"rows" integer NOT NULL,
	"purpose" text NOT NULL,
	"state" text NOT NULL,
	"asked_ms" bigint NOT NULL,
	"decided_by" text,
	"decided_ms" bigint,
	"fetched" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "kept" (
	"account" text NOT NULL,
	"kind" text NOT NULL,
	"key" text NOT NULL,
	"sealed" "bytea" NOT NULL,
	"changed_ms" bigint NOT NULL,
	CONSTRAINT "kept_account_kind_key_pk" PRIMARY KEY("account","kind","key")
);
--> statement-breakpoint
CREATE TABLE "organisation_names" (
	"name" text PRIMARY KEY NOT NULL,
	"organisation" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "settings" (
	"name" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL,
	"changed_ms" bigint NOT NULL
);
--> statement-breakpoint
DROP INDEX "activities_case";--> statement-breakpoint
CREATE INDEX "export_requests_account" ON "export_requests" USING btree ("account");--> statement-breakpoint
CREATE INDEX "export_requests_asked" ON "export_requests" USING btree ("asked_ms");--> statement-breakpoint
CREATE INDEX "kept_changed" ON "kept" USING btree ("kind","changed_ms");--> statement-breakpoint
CREATE INDEX "organisation_names_organisation" ON "organisation_names" USING btree ("organisation");--> statement-breakpoint
CREATE INDEX "activities_kind" ON "activities" USING btree ("side","kind","on_day","id");--> statement-breakpoint
CREATE INDEX "audit_action" ON "audit" USING btree ("action","seq");--> statement-breakpoint
CREATE INDEX "cases_changed" ON "cases" USING btree ("side","changed_ms","id");--> statement-breakpoint
CREATE INDEX "records_in_refused" ON "records_in" USING btree ("peer","outcome","epoch","seq") WHERE outcome like 'refused:%';--> statement-breakpoint
CREATE INDEX "activities_case" ON "activities" USING btree ("case_id","on_day","id","kind","side");