CREATE TABLE schema_versions (
      version integer primary key,
      name text not null
    ) strict;

CREATE TABLE targets (
  target_no integer primary key,
  id text not null unique, -- gateway/tier/model
  gateway text not null,
  tier text not null,
  model text not null,
  request_model text not null,
  -- The target that continues this one under a new id. Rows stay where they were recorded; they are read under the
  -- successor's id.
  successor_no integer references targets (target_no) check (successor_no <> target_no)
) strict;

CREATE TABLE series (
  series_no integer primary key,
  target_no integer not null references targets (target_no),
  probe text not null,
  region text not null,
  unique (target_no, probe, region)
) strict;

CREATE TABLE schedules (
  series_no integer not null references series (series_no),
  from_at_ms integer not null, -- inclusive
  to_at_ms integer check (to_at_ms > from_at_ms), -- exclusive; null while in force
  kind text not null check (kind in ('every', 'cron')),
  every_ms integer check (every_ms > 0),
  cron text,
  timezone text,
  phase_ms integer not null,
  primary key (series_no, from_at_ms),
  check ((kind = 'every') = (every_ms is not null)),
  check ((kind = 'cron') = (cron is not null and timezone is not null))
) strict, without rowid;

CREATE UNIQUE INDEX schedules_in_force on schedules (series_no) where to_at_ms is null;

CREATE TABLE outcomes (
  outcome text primary key
) strict, without rowid;

CREATE TABLE doubts (
  doubt text primary key -- 'suspect clock_step', 'excluded filtered', …
) strict, without rowid;

CREATE TABLE served_by (
  served_by_no integer primary key,
  model text,
  provider text,
  region text,
  service_tier text,
  system_fingerprint text,
  route text not null check (route in ('verified', 'mismatch', 'unverified')),
  identity text not null unique -- the six values as a JSON array: null counts as a value, which plain unique denies
) strict;

CREATE TABLE evidence (
  evidence_no integer primary key,
  scheduled_at_ms integer not null,
  series_no integer not null references series (series_no),
  purpose integer not null check (purpose in (0, 1, 2, 3)),
  body text not null check (json_valid(body)), packed blob,
  unique (scheduled_at_ms, series_no, purpose)
) strict;

CREATE TABLE not_run_reasons (
  reason text primary key
) strict, without rowid;

CREATE TABLE not_run (
  scheduled_at_ms integer not null,
  series_no integer not null references series (series_no),
  reason text not null references not_run_reasons (reason), sampled integer not null default 0 check (sampled in (0, 1)),
  primary key (scheduled_at_ms, series_no)
) strict, without rowid;

CREATE TABLE facts (
  name text primary key,
  value text not null,
  written_at_ms integer not null
) strict, without rowid;

CREATE TABLE packed_hours (
  pack_no integer primary key, -- in the order of packing, so that writing appends
  hour_at_ms integer not null check (hour_at_ms % 3600000 = 0), -- the hour's first instant
  series_no integer not null references series (series_no),
  samples integer not null check (samples > 0),
  failed integer not null check (failed between 0 and samples), -- whose outcome is not 'ok'
  core blob not null, -- what is counted: ticks, purposes, outcomes, doubts, times, tokens, money
  detail blob not null, -- what is only shown
  unique (hour_at_ms, series_no)
) strict;

CREATE INDEX packed_hours_failed on packed_hours (series_no, hour_at_ms) where failed > 0;

CREATE TABLE incidents (
  id text primary key,
  version integer not null check (version >= 1),
  kind text not null,
  group_name text not null, -- the gateway, a contract's period, or 'probity' for ourselves
  severity text not null check (severity in ('page', 'ticket', 'report')),
  phase text not null check (phase in ('gathering', 'open', 'recovering', 'closed')),
  started_at_ms integer not null, -- the first bad tick
  closed_at_ms integer check ((phase = 'closed') = (closed_at_ms is not null)),
  body text not null check (json_valid(body)) -- the whole incident as the program holds it
) strict, without rowid;

CREATE TABLE incident_events (
  incident text not null references incidents (id),
  version integer not null, -- the version of the incident it led to
  position integer not null, -- several may lead to one version
  at_ms integer not null,
  kind text not null,
  cells text not null check (json_valid(cells)),
  who text, -- null = the rules
  note text not null,
  primary key (incident, version, position)
) strict, without rowid;

CREATE TABLE spent_links (
  name text primary key,
  spent_at_ms integer not null
) strict, without rowid;

CREATE TABLE messages (
  key text primary key, -- the same key is the same message, and the same Message-ID
  incident text references incidents (id), -- null = about no incident
  severity text not null check (severity in ('page', 'ticket', 'report')),
  at_ms integer not null, -- when it was decided
  body text not null check (json_valid(body))
) strict, without rowid;

CREATE INDEX messages_of_incident on messages (incident, at_ms) where incident is not null;

CREATE TABLE outbox (
  message text not null references messages (key),
  recipient text not null, -- 'email:…' or 'webhook:…'
  state text not null check (state in ('pending', 'leased', 'sent', 'dead')),
  urgency integer not null check (urgency in (0, 1)), -- 0 = a page
  attempts integer not null check (attempts >= 0),
  queued_at_ms integer not null,
  next_at_ms integer not null,
  lease_until_ms integer check ((state = 'leased') = (lease_until_ms is not null)),
  last_error text,
  done_at_ms integer check ((state in ('sent', 'dead')) = (done_at_ms is not null)),
  primary key (message, recipient)
) strict, without rowid;

CREATE INDEX outbox_waiting on outbox (urgency, next_at_ms) where state in ('pending', 'leased');

CREATE INDEX outbox_sent on outbox (recipient, done_at_ms) where state = 'sent';

CREATE INDEX outbox_dead on outbox (done_at_ms) where state = 'dead';

CREATE TABLE silences (
  silence_no integer primary key,
  scope text not null,
  kind text, -- null = alerts of every kind
  from_at_ms integer not null, -- inclusive
  until_at_ms integer not null, -- exclusive; moved forward when it is ended early
  who text not null,
  why text not null
) strict;

CREATE TABLE planned_work (
  work_no integer primary key,
  scope text not null,
  from_at_ms integer not null, -- inclusive
  to_at_ms integer not null check (to_at_ms > from_at_ms), -- exclusive
  announced_at_ms integer, -- null = nobody can say
  who text not null,
  reason text not null,
  entered_at_ms integer not null,
  cancelled_at_ms integer -- from then on it is void
, source text, withdrawn integer not null default 0 check (withdrawn in (0, 1))) strict;

CREATE INDEX planned_work_in_time on planned_work (from_at_ms, to_at_ms);

CREATE TABLE bucket_bases (
  basis_no integer primary key,
  basis text not null unique -- how it was counted: a bucket of another basis must be counted again
) strict;

CREATE TABLE buckets (
  bucket_no integer primary key, -- in the order of writing, so that writing appends
  grain integer not null check (grain in (0, 1)), -- hour, day; both in UTC
  from_at_ms integer not null,
  target_no integer not null references targets (target_no),
  basis_no integer not null references bucket_bases (basis_no),
  body blob not null, -- see packed-bucket.ts
  unique (grain, from_at_ms, target_no)
) strict;

CREATE TABLE dirty_spans (
  grain integer not null check (grain in (0, 1)),
  from_at_ms integer not null,
  marks integer not null, -- how often it was marked: one that is marked again while it is counted stays
  primary key (grain, from_at_ms)
) strict, without rowid;

CREATE TABLE chain_segments (
  region text not null,
  no integer not null check (no >= 0),
  from_at_ms integer not null check (from_at_ms % 3600000 = 0), -- inclusive
  to_at_ms integer not null check (to_at_ms > from_at_ms and to_at_ms % 3600000 = 0), -- exclusive
  header text not null check (json_valid(header)), -- canonical; its SHA-256 is the head
  head text not null check (length(head) = 64),
  marks blob not null, -- the first bytes of each row's hash
  row_index blob not null, -- which rows the marks belong to
  pruned_at_ms integer, -- null = the rows are there
  evidence_pruned_at_ms integer,
  primary key (region, no)
) strict;

CREATE UNIQUE INDEX chain_segments_in_time on chain_segments (region, to_at_ms);

CREATE TABLE late_rows (
  scheduled_at_ms integer not null,
  series_no integer not null references series (series_no),
  kind integer not null check (kind in (0, 1, 2, 3, 4)), -- the purpose of a sample; 4 = a tick that did not run
  region text not null,
  segment_no integer, -- null = waits for the next segment
  primary key (scheduled_at_ms, series_no, kind)
) strict, without rowid;

CREATE INDEX late_rows_of_segment on late_rows (region, segment_no);

CREATE TABLE reports (
  contract text not null,
  period text not null, -- '2026-10', '2026-Q4'
  from_at_ms integer not null, -- inclusive
  to_at_ms integer not null check (to_at_ms > from_at_ms), -- exclusive
  frozen_at_ms integer not null,
  document text not null check (json_valid(document)), -- signed, exactly as it is handed out
  primary key (contract, period)
) strict;

CREATE TABLE ledger (
  entry_no integer primary key,
  contract text not null,
  period text not null,
  kind text not null check (kind in ('frozen', 'state', 'correction')),
  state text not null check (state in ('no claim', 'ready', 'claimed', 'credited', 'denied')),
  amount text, -- a decimal; null = not known
  currency text,
  at_ms integer not null,
  who text, -- null = the program itself
  note text not null,
  key text not null unique,
  foreign key (contract, period) references reports (contract, period)
) strict;

CREATE INDEX ledger_of_report on ledger (contract, period, entry_no);

CREATE TRIGGER reports_are_frozen before update on reports
begin
  select raise(abort, 'a frozen report is never changed');
end;

CREATE TRIGGER ledger_is_append_only before update on ledger
begin
  select raise(abort, 'a ledger entry is never changed');
end;

CREATE TABLE chain_gaps (
  region text not null,
  segment_no integer not null,
  probe text not null,
  target text not null,
  hour_at_ms integer not null check (hour_at_ms % 3600000 = 0), -- the hour's first instant
  why text not null,
  primary key (region, segment_no, probe, target, hour_at_ms),
  foreign key (region, segment_no) references chain_segments (region, no)
) strict, without rowid;

CREATE INDEX planned_work_by_source on planned_work (source) where source is not null;

CREATE TABLE report_heads (
  contract text not null,
  period text not null,
  region text not null,
  segment_no integer not null, -- the last one that the report rests on
  primary key (contract, period, region),
  foreign key (contract, period) references reports (contract, period)
) strict, without rowid;

CREATE TABLE report_claims (
  contract text not null,
  period text not null,
  claim_by text not null, -- the day, or the instant, in the contract's zone
  primary key (contract, period, claim_by),
  foreign key (contract, period) references reports (contract, period)
) strict, without rowid;

CREATE TABLE time_stamps (
  region text not null,
  segment_no integer not null,
  at_ms integer not null, -- by the authority's clock
  authority text not null, -- the name in its certificate
  token blob not null, -- DER
  primary key (region, segment_no),
  foreign key (region, segment_no) references chain_segments (region, no)
) strict;

CREATE TABLE samples_0 (
  scheduled_at_ms integer not null,
  series_no integer not null references series (series_no),
  purpose integer not null check (purpose in (0, 1, 2, 3)), -- scheduled, reprobe, confirmation, canary
  outcome text not null references outcomes (outcome),
  doubt text references doubts (doubt), -- null = valid
  remarks integer not null check (remarks >= 0), -- one bit per remark
  lag_us integer not null,
  ttft_us integer, -- null = no token came
  total_us integer, -- null = the exchange was not finished
  completion_tokens integer, -- as billed; null = the gateway did not say
  cost_nanos integer, -- 10^-9 of the price's currency; null = no price or no usage
  served_by_no integer not null references served_by (served_by_no),
  detail blob not null, -- everything that is only shown: see packed-detail.ts
  primary key (scheduled_at_ms, series_no, purpose)
) strict, without rowid;

CREATE INDEX samples_0_failed on samples_0 (series_no, scheduled_at_ms) where outcome <> 'ok';

CREATE TABLE samples_1 (
  scheduled_at_ms integer not null,
  series_no integer not null references series (series_no),
  purpose integer not null check (purpose in (0, 1, 2, 3)), -- scheduled, reprobe, confirmation, canary
  outcome text not null references outcomes (outcome),
  doubt text references doubts (doubt), -- null = valid
  remarks integer not null check (remarks >= 0), -- one bit per remark
  lag_us integer not null,
  ttft_us integer, -- null = no token came
  total_us integer, -- null = the exchange was not finished
  completion_tokens integer, -- as billed; null = the gateway did not say
  cost_nanos integer, -- 10^-9 of the price's currency; null = no price or no usage
  served_by_no integer not null references served_by (served_by_no),
  detail blob not null, -- everything that is only shown: see packed-detail.ts
  primary key (scheduled_at_ms, series_no, purpose)
) strict, without rowid;

CREATE INDEX samples_1_failed on samples_1 (series_no, scheduled_at_ms) where outcome <> 'ok';

CREATE TABLE samples_2 (
  scheduled_at_ms integer not null,
  series_no integer not null references series (series_no),
  purpose integer not null check (purpose in (0, 1, 2, 3)), -- scheduled, reprobe, confirmation, canary
  outcome text not null references outcomes (outcome),
  doubt text references doubts (doubt), -- null = valid
  remarks integer not null check (remarks >= 0), -- one bit per remark
  lag_us integer not null,
  ttft_us integer, -- null = no token came
  total_us integer, -- null = the exchange was not finished
  completion_tokens integer, -- as billed; null = the gateway did not say
  cost_nanos integer, -- 10^-9 of the price's currency; null = no price or no usage
  served_by_no integer not null references served_by (served_by_no),
  detail blob not null, -- everything that is only shown: see packed-detail.ts
  primary key (scheduled_at_ms, series_no, purpose)
) strict, without rowid;

CREATE INDEX samples_2_failed on samples_2 (series_no, scheduled_at_ms) where outcome <> 'ok';

CREATE TABLE samples_3 (
  scheduled_at_ms integer not null,
  series_no integer not null references series (series_no),
  purpose integer not null check (purpose in (0, 1, 2, 3)), -- scheduled, reprobe, confirmation, canary
  outcome text not null references outcomes (outcome),
  doubt text references doubts (doubt), -- null = valid
  remarks integer not null check (remarks >= 0), -- one bit per remark
  lag_us integer not null,
  ttft_us integer, -- null = no token came
  total_us integer, -- null = the exchange was not finished
  completion_tokens integer, -- as billed; null = the gateway did not say
  cost_nanos integer, -- 10^-9 of the price's currency; null = no price or no usage
  served_by_no integer not null references served_by (served_by_no),
  detail blob not null, -- everything that is only shown: see packed-detail.ts
  primary key (scheduled_at_ms, series_no, purpose)
) strict, without rowid;

CREATE INDEX samples_3_failed on samples_3 (series_no, scheduled_at_ms) where outcome <> 'ok';

CREATE VIEW samples as
select * from samples_0
union all
select * from samples_1
union all
select * from samples_2
union all
select * from samples_3;

CREATE VIEW readable_samples as
select
  strftime('%Y-%m-%dT%H:%M:%fZ', samples.scheduled_at_ms / 1000.0, 'unixepoch') as scheduled_at,
  targets.id as target,
  series.probe as probe,
  series.region as region,
  case samples.purpose
    when 0 then 'scheduled'
    when 1 then 'reprobe'
    when 2 then 'confirmation'
    when 3 then 'canary'
  end as purpose,
  samples.outcome as outcome,
  coalesce(samples.doubt, 'valid') as validity,
  samples.ttft_us / 1000.0 as ttft_ms,
  samples.total_us / 1000.0 as total_ms,
  samples.lag_us / 1000.0 as lag_ms,
  samples.completion_tokens as completion_tokens,
  samples.cost_nanos as cost_nanos,
  served_by.model as served_model
from samples
join series using (series_no)
join targets using (target_no)
join served_by using (served_by_no);

CREATE TABLE incident_cells (
  incident text not null, -- not a foreign key: checking one reads the whole incident, for each of hundreds of cells
  cell text not null, -- as the incident names it
  primary key (incident, cell)
) strict, without rowid;

CREATE INDEX incidents_unclosed on incidents (started_at_ms, version) where closed_at_ms is null;

CREATE INDEX incidents_closed on incidents (closed_at_ms, started_at_ms, version) where closed_at_ms is not null;
