-- A contract whose deadlines can be read in several ways has several days to remember: when the earliest is past, the next
-- one is what is left.
drop table report_claims;

create table report_claims (
  contract text not null,
  period text not null,
  claim_by text not null, -- the day, or the instant, in the contract's zone
  primary key (contract, period, claim_by),
  foreign key (contract, period) references reports (contract, period)
) strict, without rowid;

insert into report_claims
select distinct
  contract,
  period,
  json_extract(reading.value, '$.by')
from
  reports,
  json_each(document, '$.report.statements') as statement,
  json_each(statement.value, '$.evaluation.deadlines') as deadline,
  json_each(deadline.value, '$.readings') as reading
where json_extract(statement.value, '$.claim.isDue');
