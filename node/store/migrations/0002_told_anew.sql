CREATE TABLE "asked" (
	"id" text PRIMARY KEY NOT NULL,
	"peer" text NOT NULL,
	"arrival" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "cases" ADD COLUMN "erased_outflow" text;--> statement-breakpoint
INSERT INTO "asked" ("id", "peer", "arrival") SELECT "query", "home", "id" FROM "arrivals" WHERE "query" IS NOT NULL;
