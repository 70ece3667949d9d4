-- Rows that are not packed yet, in four tables by the hour of their tick: hours since 1970, modulo four. A packed hour's
-- table is emptied as a whole, which writes nothing but a list of free pages; deleting its rows wrote every page again.

drop view readable_samples;
drop index samples_failed;
alter table samples rename to samples_before;

create table samples_0 (
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

create index samples_0_failed on samples_0 (series_no, scheduled_at_ms) where outcome <> 'ok';

create table samples_1 (
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

create index samples_1_failed on samples_1 (series_no, scheduled_at_ms) where outcome <> 'ok';

create table samples_2 (
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

create index samples_2_failed on samples_2 (series_no, scheduled_at_ms) where outcome <> 'ok';

create table samples_3 (
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

create index samples_3_failed on samples_3 (series_no, scheduled_at_ms) where outcome <> 'ok';

insert into samples_0
select * from samples_before
where (scheduled_at_ms / 3600000) & 3 = 0;

insert into samples_1
select * from samples_before
where (scheduled_at_ms / 3600000) & 3 = 1;

insert into samples_2
select * from samples_before
where (scheduled_at_ms / 3600000) & 3 = 2;

insert into samples_3
select * from samples_before
where (scheduled_at_ms / 3600000) & 3 = 3;

drop table samples_before;

create view samples as
select * from samples_0
union all
select * from samples_1
union all
select * from samples_2
union all
select * from samples_3;

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
