-- What happened, one row per attempt.

-- The closed lists. They are filled from the program's own lists when the database is opened, so that each list is
-- written down once and a new word needs no rebuild of the samples.
create table outcomes (
  outcome text primary key
) strict, without rowid;

create table doubts (
  doubt text primary key -- 'suspect clock_step', 'excluded filtered', …
) strict, without rowid;

-- What answers disclosed about their origin: few distinct values, each kept once.
create table served_by (
  served_by_no integer primary key,
  model text,
  provider text,
  region text,
  service_tier text,
  system_fingerprint text,
  route text not null check (route in ('verified', 'mismatch', 'unverified')),
  identity text not null unique -- the six values as a JSON array: null counts as a value, which plain unique denies
) strict;

-- The key begins with time because that is the order in which samples arrive: neighbours in time share a page, so a
-- batch writes few pages. In the order (series, time) each row would dirty a page of its own.
create table samples (
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

-- "The last failures of this target" must not read the months in which it worked.
create index samples_failed on samples (series_no, scheduled_at_ms) where outcome <> 'ok';

-- Append only, in the order of arrival. Keyed by the sample's identity, but not a child of the row: a sample may move
-- to closed storage while its evidence stays.
create table evidence (
  evidence_no integer primary key,
  scheduled_at_ms integer not null,
  series_no integer not null references series (series_no),
  purpose integer not null check (purpose in (0, 1, 2, 3)),
  body text not null check (json_valid(body)),
  unique (scheduled_at_ms, series_no, purpose)
) strict;

-- For people with a database shell; the program never reads it.
create view readable_samples as
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
