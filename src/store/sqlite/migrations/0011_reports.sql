-- Frozen reports, and the ledger of what became of their claims. Neither is ever changed.
create table reports (
  contract text not null,
  period text not null, -- '2026-10', '2026-Q4'
  from_at_ms integer not null, -- inclusive
  to_at_ms integer not null check (to_at_ms > from_at_ms), -- exclusive
  frozen_at_ms integer not null,
  document text not null check (json_valid(document)), -- signed, exactly as it is handed out
  primary key (contract, period)
) strict;

create table ledger (
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

create index ledger_of_report on ledger (contract, period, entry_no);

create trigger reports_are_frozen before update on reports
begin
  select raise(abort, 'a frozen report is never changed');
end;

create trigger ledger_is_append_only before update on ledger
begin
  select raise(abort, 'a ledger entry is never changed');
end;
