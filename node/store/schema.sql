-- The schema after all migrations, from the catalog. Written by test/store/schema.test.ts; review it.

create sequence outbox_position as bigint;

create table accounts (
  created_at bigint not null,
  disabled boolean not null,
  email text not null,
  email_verified boolean not null,
  id text not null,
  image text,
  name text not null,
  one_time_until bigint,
  organisation text,
  role text not null,
  two_factor_enabled boolean not null,
  updated_at bigint not null,
  username text not null,
  constraint accounts_pkey PRIMARY KEY (id)
);

create table activities (
  amount_fen integer,
  case_id text not null,
  changed_ms bigint not null,
  id text not null,
  kind text not null,
  mark text,
  on_day text not null,
  side text not null,
  title text,
  withdrawn boolean not null,
  constraint activities_pkey PRIMARY KEY (id)
);

create table agreements (
  active boolean not null,
  document text not null,
  id text not null,
  peer text not null,
  state text not null,
  constraint agreements_pkey PRIMARY KEY (id)
);

create table alarms (
  acknowledged_by text,
  acknowledged_ms bigint,
  id text not null,
  kind text not null,
  open boolean not null,
  peer text not null,
  raised_ms bigint not null,
  subject text not null,
  constraint alarms_pkey PRIMARY KEY (id)
);

create table arrivals (
  arrived_on text,
  branch text,
  case_id text,
  category text,
  changed_ms bigint not null,
  employer text,
  home text not null,
  id text not null,
  id_sealed bytea not null,
  id_token text not null,
  name text not null,
  phone text,
  query text,
  state text not null,
  tag text,
  constraint arrivals_pkey PRIMARY KEY (id)
);

create table asked (
  arrival text not null,
  id text not null,
  peer text not null,
  constraint asked_pkey PRIMARY KEY (id)
);

create table audit (
  about bigint,
  account text not null,
  action text not null,
  address text not null,
  at_ms bigint not null,
  detail text not null,
  hash text not null,
  outcome text not null,
  prev text,
  role text not null,
  seq bigint not null,
  subject text not null,
  constraint audit_pkey PRIMARY KEY (seq)
);

create table audit_heads (
  at_ms bigint not null,
  day text not null,
  entries bigint not null,
  head text not null,
  peer text not null,
  "position" bigint,
  whose text not null,
  constraint audit_heads_peer_whose_day_pk PRIMARY KEY (peer, whose, day)
);

create table cases (
  arrival text,
  changed_ms bigint not null,
  erased_outflow text,
  home_facts text not null,
  host_facts text not null,
  id text not null,
  meaning text not null,
  member text,
  name text not null,
  open boolean not null,
  organisation text,
  peer text not null,
  register_phone text,
  side text not null,
  tag text not null,
  constraint cases_pkey PRIMARY KEY (id)
);

create table challenges (
  created_at bigint not null,
  expires_at bigint not null,
  id text not null,
  identifier text not null,
  updated_at bigint not null,
  value text not null,
  constraint challenges_pkey PRIMARY KEY (id)
);

create table corrected_marks (
  activity text not null,
  mark text not null,
  constraint corrected_marks_pkey PRIMARY KEY (mark)
);

create table credentials (
  access_token text,
  access_token_expires_at bigint,
  account_id text not null,
  created_at bigint not null,
  id text not null,
  id_token text,
  password text,
  provider_id text not null,
  refresh_token text,
  refresh_token_expires_at bigint,
  scope text,
  updated_at bigint not null,
  user_id text not null,
  constraint credentials_pkey PRIMARY KEY (id)
);

create table envelopes_in (
  content_id text not null,
  epoch integer not null,
  jws text not null,
  lines text not null,
  peer text not null,
  receipt text not null,
  received_ms bigint not null,
  seq integer not null,
  constraint envelopes_in_peer_epoch_seq_pk PRIMARY KEY (peer, epoch, seq)
);

create table envelopes_out (
  content_id text not null,
  epoch integer not null,
  first_position bigint not null,
  jws text not null,
  last_position bigint not null,
  peer text not null,
  receipt text,
  receipted boolean not null,
  receipted_ms bigint,
  records integer not null,
  sealed_ms bigint not null,
  seq integer not null,
  constraint envelopes_out_peer_epoch_seq_pk PRIMARY KEY (peer, epoch, seq)
);

create table export_requests (
  account text not null,
  asked_ms bigint not null,
  decided_by text,
  decided_ms bigint,
  fetched integer not null,
  id text not null,
  list text not null,
  organisation text,
  purpose text not null,
  role text not null,
  rows integer not null,
  sealed bytea not null,
  state text not null,
  constraint export_requests_pkey PRIMARY KEY (id)
);

create table forks (
  content_id text not null,
  epoch integer not null,
  jws text not null,
  peer text not null,
  seen_ms bigint not null,
  seq integer not null,
  constraint forks_peer_epoch_seq_content_id_pk PRIMARY KEY (peer, epoch, seq, content_id)
);

create table identity (
  kid text not null,
  node text not null,
  constraint identity_pkey PRIMARY KEY (node)
);

create table import_rows (
  code text not null,
  import_id text not null,
  name_token text,
  ref text,
  "row" integer not null,
  sealed bytea not null,
  state text not null,
  constraint import_rows_import_id_row_pk PRIMARY KEY (import_id, "row")
);

create table imports (
  at_ms bigint not null,
  digest text not null,
  id text not null,
  kind text not null,
  summary text not null,
  constraint imports_pkey PRIMARY KEY (id)
);

create table kept (
  account text not null,
  changed_ms bigint not null,
  key text not null,
  kind text not null,
  sealed bytea not null,
  constraint kept_account_kind_key_pk PRIMARY KEY (account, kind, key)
);

create table leases (
  holder text not null,
  name text not null,
  until_ms bigint not null,
  constraint leases_pkey PRIMARY KEY (name)
);

create table member_tags (
  member text not null,
  peer text not null,
  tag text not null,
  constraint member_tags_peer_tag_pk PRIMARY KEY (peer, tag)
);

create table members (
  born_on text,
  branch text,
  category text,
  changed_ms bigint not null,
  education text,
  ethnicity text,
  gender text,
  id text not null,
  id_sealed bytea not null,
  id_token text not null,
  joined_on text,
  name text not null,
  phone text,
  constraint members_pkey PRIMARY KEY (id)
);

create table nonces (
  expires_ms bigint not null,
  nonce text not null,
  peer text not null,
  constraint nonces_peer_nonce_pk PRIMARY KEY (peer, nonce)
);

create table organisation_names (
  name text not null,
  organisation text not null,
  constraint organisation_names_pkey PRIMARY KEY (name)
);

create table organisations (
  id text not null,
  kind text not null,
  name text not null,
  parent text,
  constraint organisations_pkey PRIMARY KEY (id)
);

create table peer_keys (
  from_epoch integer not null,
  from_seq integer not null,
  kid text not null,
  peer text not null,
  retired boolean not null,
  revoked boolean not null,
  until_epoch integer,
  until_seq integer,
  x text not null,
  constraint peer_keys_peer_kid_pk PRIMARY KEY (peer, kid)
);

create table peers (
  name text not null,
  node text not null,
  paused boolean not null,
  url text not null,
  constraint peers_pkey PRIMARY KEY (node)
);

create table queries (
  asked_ms bigint not null,
  denied boolean not null,
  id text not null,
  name text not null,
  peer text not null,
  tag text not null,
  constraint queries_pkey PRIMARY KEY (id)
);

create table records_in (
  case_id text,
  digest text not null,
  epoch integer not null,
  idx integer not null,
  outcome text not null,
  parked boolean not null,
  peer text not null,
  seq integer not null,
  type text not null,
  constraint records_in_digest_peer_pk PRIMARY KEY (digest, peer)
);

create table records_out (
  case_id text,
  digest text not null,
  outcome text,
  peer text not null,
  "position" bigint not null,
  text text,
  type text not null,
  written_ms bigint not null,
  constraint records_out_peer_position_pk PRIMARY KEY (peer, "position")
);

create table refusals (
  at_ms bigint not null,
  code text not null,
  detail text not null,
  digest text not null,
  id text not null,
  peer text,
  size integer not null,
  constraint refusals_pkey PRIMARY KEY (id)
);

create table second_factors (
  backup_codes text not null,
  failed_verification_count integer,
  id text not null,
  locked_until bigint,
  secret text not null,
  user_id text not null,
  verified boolean not null,
  constraint second_factors_pkey PRIMARY KEY (id)
);

create table sessions (
  created_at bigint not null,
  expires_at bigint not null,
  id text not null,
  ip_address text,
  token text not null,
  updated_at bigint not null,
  user_agent text,
  user_id text not null,
  constraint sessions_pkey PRIMARY KEY (id)
);

create table settings (
  changed_ms bigint not null,
  name text not null,
  value text not null,
  constraint settings_pkey PRIMARY KEY (name)
);

create table streams_in (
  epoch integer not null,
  frozen boolean not null,
  head text,
  heard_ms bigint not null,
  peer text not null,
  seq integer not null,
  thawed boolean not null,
  constraint streams_in_pkey PRIMARY KEY (peer)
);

create table streams_out (
  epoch integer not null,
  former_kid text,
  head text,
  kid text not null,
  kid_from integer not null,
  peer text not null,
  receipted integer not null,
  sealed_position bigint not null,
  seq integer not null,
  standing text not null,
  unreceipted integer not null,
  vouched integer not null,
  constraint streams_out_pkey PRIMARY KEY (peer)
);

create table used_codes (
  account text not null,
  code text not null,
  expires_ms bigint not null,
  constraint used_codes_account_code_pk PRIMARY KEY (account, code)
);

create table waiting_activities (
  amount_fen integer,
  arrival text not null,
  kind text not null,
  mark text not null,
  on_day text not null,
  since_ms bigint not null,
  title text,
  constraint waiting_activities_pkey PRIMARY KEY (mark)
);

create table waiting_outflows (
  id text not null,
  id_token text not null,
  peer text not null,
  sealed bytea not null,
  since_ms bigint not null,
  constraint waiting_outflows_pkey PRIMARY KEY (id)
);

CREATE UNIQUE INDEX accounts_email ON public.accounts USING btree (email);
CREATE UNIQUE INDEX accounts_username ON public.accounts USING btree (username);
CREATE INDEX activities_case ON public.activities USING btree (case_id, on_day, id, kind, side);
CREATE INDEX activities_kind ON public.activities USING btree (side, kind, on_day, id);
CREATE UNIQUE INDEX activities_mark ON public.activities USING btree (mark) WHERE (mark IS NOT NULL);
CREATE UNIQUE INDEX agreements_one_active ON public.agreements USING btree (peer) WHERE active;
CREATE UNIQUE INDEX alarms_one_open ON public.alarms USING btree (kind, peer, subject) WHERE open;
CREATE INDEX arrivals_branch ON public.arrivals USING btree (branch, id);
CREATE INDEX arrivals_name ON public.arrivals USING btree (name text_pattern_ops, id);
CREATE INDEX arrivals_page ON public.arrivals USING btree (state, id);
CREATE UNIQUE INDEX arrivals_person ON public.arrivals USING btree (home, id_token);
CREATE INDEX arrivals_query ON public.arrivals USING btree (query);
CREATE INDEX arrivals_state ON public.arrivals USING btree (home, state);
CREATE INDEX arrivals_tag ON public.arrivals USING btree (home, tag);
CREATE INDEX arrivals_token ON public.arrivals USING btree (id_token);
CREATE INDEX audit_account ON public.audit USING btree (account, seq);
CREATE INDEX audit_action ON public.audit USING btree (action, seq);
CREATE INDEX audit_subject ON public.audit USING btree (subject, seq);
CREATE INDEX cases_changed ON public.cases USING btree (side, changed_ms, id);
CREATE INDEX cases_meaning ON public.cases USING btree (side, meaning, id);
CREATE INDEX cases_member ON public.cases USING btree (member);
CREATE INDEX cases_name ON public.cases USING btree (name text_pattern_ops, id);
CREATE UNIQUE INDEX cases_one_open ON public.cases USING btree (peer, side, tag) WHERE open;
CREATE INDEX cases_organisation ON public.cases USING btree (organisation, side, id);
CREATE INDEX cases_peer ON public.cases USING btree (peer, side, id);
CREATE INDEX cases_side ON public.cases USING btree (side, id);
CREATE INDEX cases_tag ON public.cases USING btree (peer, side, tag);
CREATE INDEX challenges_expiry ON public.challenges USING btree (expires_at);
CREATE INDEX challenges_identifier ON public.challenges USING btree (identifier);
CREATE UNIQUE INDEX credentials_account ON public.credentials USING btree (provider_id, account_id);
CREATE INDEX credentials_user ON public.credentials USING btree (user_id);
CREATE INDEX envelopes_out_positions ON public.envelopes_out USING btree (peer, last_position);
CREATE INDEX envelopes_out_unreceipted ON public.envelopes_out USING btree (peer, seq) WHERE (NOT receipted);
CREATE INDEX export_requests_account ON public.export_requests USING btree (account);
CREATE INDEX export_requests_asked ON public.export_requests USING btree (asked_ms);
CREATE INDEX import_rows_name ON public.import_rows USING btree (name_token);
CREATE INDEX import_rows_state ON public.import_rows USING btree (import_id, state);
CREATE INDEX kept_changed ON public.kept USING btree (kind, changed_ms);
CREATE INDEX member_tags_member ON public.member_tags USING btree (member);
CREATE INDEX members_branch ON public.members USING btree (branch, name text_pattern_ops, id);
CREATE UNIQUE INDEX members_id_token ON public.members USING btree (id_token);
CREATE INDEX members_name ON public.members USING btree (name text_pattern_ops, id);
CREATE INDEX nonces_expiry ON public.nonces USING btree (expires_ms);
CREATE INDEX organisation_names_organisation ON public.organisation_names USING btree (organisation);
CREATE UNIQUE INDEX organisations_name ON public.organisations USING btree (name);
CREATE INDEX organisations_parent ON public.organisations USING btree (parent);
CREATE INDEX queries_denied ON public.queries USING btree (peer, tag) WHERE denied;
CREATE INDEX records_in_case ON public.records_in USING btree (case_id);
CREATE INDEX records_in_parked ON public.records_in USING btree (peer, case_id) WHERE parked;
CREATE INDEX records_in_refused ON public.records_in USING btree (peer, outcome, epoch, seq) WHERE (outcome ~~ 'refused:%'::text);
CREATE INDEX records_out_case ON public.records_out USING btree (case_id);
CREATE INDEX refusals_age ON public.refusals USING btree (at_ms);
CREATE INDEX refusals_code ON public.refusals USING btree (peer, code, at_ms);
CREATE UNIQUE INDEX second_factors_user ON public.second_factors USING btree (user_id);
CREATE UNIQUE INDEX sessions_token ON public.sessions USING btree (token);
CREATE INDEX sessions_user ON public.sessions USING btree (user_id);
CREATE INDEX used_codes_expiry ON public.used_codes USING btree (expires_ms);
CREATE INDEX waiting_activities_arrival ON public.waiting_activities USING btree (arrival);
CREATE INDEX waiting_outflows_peer ON public.waiting_outflows USING btree (peer);
CREATE UNIQUE INDEX waiting_outflows_person ON public.waiting_outflows USING btree (id_token, peer);
