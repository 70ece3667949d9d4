-- What each incident is about, so that a target's page need not read every incident to find its own.
create table incident_cells (
  incident text not null, -- not a foreign key: checking one reads the whole incident, for each of hundreds of cells
  cell text not null, -- as the incident names it
  primary key (incident, cell)
) strict, without rowid;

insert into incident_cells (incident, cell)
select distinct
  incidents.id,
  json_extract(one.value, '$.cell')
from incidents, json_each(incidents.body, '$.cells') as one;

-- What lists ask for stands in the indexes: in a table without rowid, each step towards a row reads whole incidents.
drop index incidents_unclosed;

drop index incidents_closed;

create index incidents_unclosed on incidents (started_at_ms, version) where closed_at_ms is null;

create index incidents_closed on incidents (closed_at_ms, started_at_ms, version) where closed_at_ms is not null;
