CREATE SEQUENCE "public"."outbox_position" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;--> statement-breakpoint
CREATE TABLE "activities" (
	"id" text PRIMARY KEY NOT NULL,
	"case_id" text NOT NULL,
	"side" text NOT NULL,
	"kind" text NOT NULL,
	"on_day" text NOT NULL,
	"title" text,
	"amount_fen" integer,
	"withdrawn" boolean NOT NULL,
	"mark" text,
	"changed_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "corrected_marks" (
	"mark" text PRIMARY KEY NOT NULL,
	"activity" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "waiting_activities" (
	"mark" text PRIMARY KEY NOT NULL,
	"arrival" text NOT NULL,
	"kind" text NOT NULL,
	"on_day" text NOT NULL,
	"title" text,
	"amount_fen" integer,
	"since_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "agreements" (
	"id" text PRIMARY KEY NOT NULL,
	"peer" text NOT NULL,
	"document" text NOT NULL,
	"state" text NOT NULL,
	"active" boolean NOT NULL
);
--> statement-breakpoint
CREATE TABLE "envelopes_in" (
	"peer" text NOT NULL,
	"epoch" integer NOT NULL,
	"seq" integer NOT NULL,
	"content_id" text NOT NULL,
	"jws" text NOT NULL,
	"receipt" text NOT NULL,
	"received_ms" bigint NOT NULL,
	CONSTRAINT "envelopes_in_peer_epoch_seq_pk" PRIMARY KEY("peer","epoch","seq")
);
--> statement-breakpoint
CREATE TABLE "envelopes_out" (
	"peer" text NOT NULL,
	"epoch" integer NOT NULL,
	"seq" integer NOT NULL,
	"content_id" text NOT NULL,
	"jws" text NOT NULL,
	"records" integer NOT NULL,
	"sealed_ms" bigint NOT NULL,
	"receipted" boolean NOT NULL,
	"receipt" text,
	"receipted_ms" bigint,
	CONSTRAINT "envelopes_out_peer_epoch_seq_pk" PRIMARY KEY("peer","epoch","seq")
);
--> statement-breakpoint
CREATE TABLE "forks" (
	"peer" text NOT NULL,
	"epoch" integer NOT NULL,
	"seq" integer NOT NULL,
	"content_id" text NOT NULL,
	"jws" text NOT NULL,
	"seen_ms" bigint NOT NULL,
	CONSTRAINT "forks_peer_epoch_seq_content_id_pk" PRIMARY KEY("peer","epoch","seq","content_id")
);
--> statement-breakpoint
CREATE TABLE "identity" (
	"node" text PRIMARY KEY NOT NULL,
	"kid" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "nonces" (
	"peer" text NOT NULL,
	"nonce" text NOT NULL,
	"expires_ms" bigint NOT NULL,
	CONSTRAINT "nonces_peer_nonce_pk" PRIMARY KEY("peer","nonce")
);
--> statement-breakpoint
CREATE TABLE "peer_keys" (
	"peer" text NOT NULL,
	"kid" text NOT NULL,
	"x" text NOT NULL,
	CONSTRAINT "peer_keys_peer_kid_pk" PRIMARY KEY("peer","kid")
);
--> statement-breakpoint
CREATE TABLE "peers" (
	"node" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"url" text NOT NULL,
	"paused" boolean NOT NULL
);
--> statement-breakpoint
CREATE TABLE "records_in" (
	"peer" text NOT NULL,
	"digest" text NOT NULL,
	"epoch" integer NOT NULL,
	"seq" integer NOT NULL,
	"idx" integer NOT NULL,
	"case_id" text,
	"type" text NOT NULL,
	"text" text,
	"outcome" text NOT NULL,
	"parked" boolean NOT NULL,
	CONSTRAINT "records_in_peer_digest_pk" PRIMARY KEY("peer","digest")
);
--> statement-breakpoint
CREATE TABLE "records_out" (
	"position" bigint PRIMARY KEY NOT NULL,
	"peer" text NOT NULL,
	"record_id" text NOT NULL,
	"case_id" text,
	"type" text NOT NULL,
	"digest" text NOT NULL,
	"text" text,
	"written_ms" bigint NOT NULL,
	"sealed" boolean NOT NULL,
	"epoch" integer,
	"seq" integer,
	"idx" integer,
	"outcome" text
);
--> statement-breakpoint
CREATE TABLE "refusals" (
	"id" text PRIMARY KEY NOT NULL,
	"at_ms" bigint NOT NULL,
	"peer" text,
	"code" text NOT NULL,
	"detail" text NOT NULL,
	"digest" text NOT NULL,
	"size" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "streams_in" (
	"peer" text PRIMARY KEY NOT NULL,
	"epoch" integer NOT NULL,
	"seq" integer NOT NULL,
	"head" text,
	"frozen" boolean NOT NULL,
	"heard_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "streams_out" (
	"peer" text PRIMARY KEY NOT NULL,
	"epoch" integer NOT NULL,
	"seq" integer NOT NULL,
	"head" text,
	"receipted" integer NOT NULL,
	"unreceipted" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "arrivals" (
	"id" text PRIMARY KEY NOT NULL,
	"home" text NOT NULL,
	"id_token" text NOT NULL,
	"id_sealed" "bytea" NOT NULL,
	"tag" text,
	"name" text NOT NULL,
	"category" text,
	"phone" text,
	"arrived_on" text,
	"branch" text,
	"employer" text,
	"state" text NOT NULL,
	"query" text,
	"case_id" text,
	"changed_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "cases" (
	"id" text PRIMARY KEY NOT NULL,
	"peer" text NOT NULL,
	"side" text NOT NULL,
	"tag" text NOT NULL,
	"member" text,
	"arrival" text,
	"register_phone" text,
	"open" boolean NOT NULL,
	"home_facts" text NOT NULL,
	"host_facts" text NOT NULL,
	"changed_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "queries" (
	"id" text PRIMARY KEY NOT NULL,
	"peer" text NOT NULL,
	"tag" text NOT NULL,
	"name" text NOT NULL,
	"denied" boolean NOT NULL,
	"asked_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "waiting_outflows" (
	"id" text PRIMARY KEY NOT NULL,
	"peer" text NOT NULL,
	"id_token" text NOT NULL,
	"sealed" "bytea" NOT NULL,
	"since_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "member_tags" (
	"peer" text NOT NULL,
	"tag" text NOT NULL,
	"member" text NOT NULL,
	CONSTRAINT "member_tags_peer_tag_pk" PRIMARY KEY("peer","tag")
);
--> statement-breakpoint
CREATE TABLE "members" (
	"id" text PRIMARY KEY NOT NULL,
	"id_token" text NOT NULL,
	"id_sealed" "bytea" NOT NULL,
	"name" text NOT NULL,
	"category" text,
	"phone" text,
	"gender" text,
	"ethnicity" text,
	"born_on" text,
	"education" text,
	"joined_on" text,
	"branch" text,
	"changed_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "organisations" (
	"id" text PRIMARY KEY NOT NULL,
	"parent" text,
	"name" text NOT NULL,
	"kind" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "import_rows" (
	"import_id" text NOT NULL,
	"row" integer NOT NULL,
	"state" text NOT NULL,
	"code" text NOT NULL,
	"ref" text,
	"name_token" text,
	"sealed" "bytea" NOT NULL,
	CONSTRAINT "import_rows_import_id_row_pk" PRIMARY KEY("import_id","row")
);
--> statement-breakpoint
CREATE TABLE "imports" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"digest" text NOT NULL,
	"at_ms" bigint NOT NULL,
	"summary" text NOT NULL
);
--> statement-breakpoint
CREATE INDEX "activities_case" ON "activities" USING btree ("case_id","on_day");--> statement-breakpoint
CREATE UNIQUE INDEX "activities_mark" ON "activities" USING btree ("mark");--> statement-breakpoint
CREATE INDEX "waiting_activities_arrival" ON "waiting_activities" USING btree ("arrival");--> statement-breakpoint
CREATE UNIQUE INDEX "agreements_one_active" ON "agreements" USING btree ("peer") WHERE "agreements"."active";--> statement-breakpoint
CREATE INDEX "envelopes_out_unreceipted" ON "envelopes_out" USING btree ("peer","seq") WHERE not "envelopes_out"."receipted";--> statement-breakpoint
CREATE INDEX "nonces_expiry" ON "nonces" USING btree ("expires_ms");--> statement-breakpoint
CREATE INDEX "records_in_place" ON "records_in" USING btree ("peer","epoch","seq");--> statement-breakpoint
CREATE INDEX "records_in_case" ON "records_in" USING btree ("case_id");--> statement-breakpoint
CREATE INDEX "records_in_parked" ON "records_in" USING btree ("peer") WHERE "records_in"."parked";--> statement-breakpoint
CREATE INDEX "records_out_unsealed" ON "records_out" USING btree ("peer","position") WHERE not "records_out"."sealed";--> statement-breakpoint
CREATE INDEX "records_out_place" ON "records_out" USING btree ("peer","epoch","seq");--> statement-breakpoint
CREATE INDEX "records_out_case" ON "records_out" USING btree ("case_id");--> statement-breakpoint
CREATE UNIQUE INDEX "arrivals_person" ON "arrivals" USING btree ("home","id_token");--> statement-breakpoint
CREATE INDEX "arrivals_tag" ON "arrivals" USING btree ("home","tag");--> statement-breakpoint
CREATE INDEX "arrivals_token" ON "arrivals" USING btree ("id_token");--> statement-breakpoint
CREATE INDEX "arrivals_query" ON "arrivals" USING btree ("query");--> statement-breakpoint
CREATE INDEX "arrivals_state" ON "arrivals" USING btree ("home","state");--> statement-breakpoint
CREATE UNIQUE INDEX "cases_one_open" ON "cases" USING btree ("peer","side","tag") WHERE "cases"."open";--> statement-breakpoint
CREATE INDEX "cases_tag" ON "cases" USING btree ("peer","side","tag");--> statement-breakpoint
CREATE INDEX "cases_member" ON "cases" USING btree ("member");--> statement-breakpoint
CREATE INDEX "queries_denied" ON "queries" USING btree ("peer","tag") WHERE "queries"."denied";--> statement-breakpoint
CREATE UNIQUE INDEX "waiting_outflows_person" ON "waiting_outflows" USING btree ("id_token","peer");--> statement-breakpoint
CREATE INDEX "waiting_outflows_peer" ON "waiting_outflows" USING btree ("peer");--> statement-breakpoint
CREATE INDEX "member_tags_member" ON "member_tags" USING btree ("member");--> statement-breakpoint
CREATE UNIQUE INDEX "members_id_token" ON "members" USING btree ("id_token");--> statement-breakpoint
CREATE INDEX "members_name" ON "members" USING btree ("name");--> statement-breakpoint
CREATE UNIQUE INDEX "organisations_name" ON "organisations" USING btree ("name");--> statement-breakpoint
CREATE INDEX "organisations_parent" ON "organisations" USING btree ("parent");--> statement-breakpoint
CREATE INDEX "import_rows_state" ON "import_rows" USING btree ("import_id","state");--> statement-breakpoint
CREATE INDEX "import_rows_name" ON "import_rows" USING btree ("name_token");