-- Heads of the evidence chain that a time-stamping authority (RFC 3161) has signed.
create table time_stamps (
  region text not null,
  segment_no integer not null,
  at_ms integer not null, -- by the authority's clock
  authority text not null, -- the name in its certificate
  token blob not null, -- DER
  primary key (region, segment_no),
  foreign key (region, segment_no) references chain_segments (region, no)
) strict;
