-- What a frozen report has to be looked at again for, apart from its document: where each chain stood, and until when
-- something can be claimed.
create table report_heads (
  contract text not null,
  period text not null,
  region text not null,
  segment_no integer not null, -- the last one that the report rests on
  primary key (contract, period, region),
  foreign key (contract, period) references reports (contract, period)
) strict, without rowid;

create table report_claims (
  contract text not null,
  period text not null,
  claim_by text not null, -- the day, or the instant, in the contract's zone
  primary key (contract, period),
  foreign key (contract, period) references reports (contract, period)
) strict, without rowid;

insert into report_heads
select
  contract,
  period,
  json_extract(head.value, '$.region'),
  json_extract(head.value, '$.segment')
from reports, json_each(document, '$.report.chain') as head;

insert into report_claims
select
  contract,
  period,
  json_extract(document, '$.report.summary.claimBy')
from reports
where json_extract(document, '$.report.summary.claimBy') is not null;
