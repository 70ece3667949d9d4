-- Evidence mostly repeats what every answer of a gateway says; packed it takes about a tenth. What is there already stays
-- as it is: rewriting it would need as much room again.
alter table evidence add column packed blob; -- see packed-evidence.ts; null = it stands in body, else body is 'null'
