-- Messages, and their way to each recipient.

create table messages (
  key text primary key, -- the same key is the same message, and the same Message-ID
  incident text references incidents (id), -- null = about no incident
  severity text not null check (severity in ('page', 'ticket', 'report')),
  at_ms integer not null, -- when it was decided
  body text not null check (json_valid(body))
) strict, without rowid;

create index messages_of_incident on messages (incident, at_ms) where incident is not null;

create table outbox (
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

create index outbox_waiting on outbox (urgency, next_at_ms) where state in ('pending', 'leased');

create index outbox_sent on outbox (recipient, done_at_ms) where state = 'sent';

create index outbox_dead on outbox (done_at_ms) where state = 'dead';
