import type { Database } from 'better-sqlite3';
import type { ServedBy } from '../../domain/measure/sample.ts';

type ServedByRow = {
  readonly served_by_no: number;
  readonly model: string | null;
  readonly provider: string | null;
  readonly region: string | null;
  readonly service_tier: string | null;
  readonly system_fingerprint: string | null;
  readonly route: ServedBy['route'];
};

export type ServedByTable = {
  /** The number of a value, which is stored if it is new. Call it inside the transaction that uses the number. */
  readonly number: (servedBy: ServedBy) => number;
  readonly value: (servedByNo: number) => ServedBy;
  /** Forgets what was remembered; needed when a transaction that stored new values was rolled back. */
  readonly forget: () => void;
};

/** A gateway that discloses something new with every answer must not fill our memory. */
const REMEMBERED = 4096;

export function prepareServedBy(db: Database): ServedByTable {
  const addServedBy = db.prepare(`
    insert or ignore into served_by (
      model,
      provider,
      region,
      service_tier,
      system_fingerprint,
      route,
      identity
    ) values (
      @model,
      @provider,
      @region,
      @serviceTier,
      @systemFingerprint,
      @route,
      @identity
    )
  `);
  const numberOfServedBy = db
    .prepare<{ identity: string }, number>(`
      select served_by_no
      from served_by
      where identity = @identity
    `)
    .pluck();
  const servedByNumber = db.prepare<{ servedByNo: number }, ServedByRow>(`
    select
      served_by_no,
      model,
      provider,
      region,
      service_tier,
      system_fingerprint,
      route
    from served_by
    where served_by_no = @servedByNo
  `);
  const numbers = new Map<string, number>();
  const values = new Map<number, ServedBy>();

  return {
    number(servedBy) {
      const { model, provider, region, serviceTier, systemFingerprint, route } = servedBy;
      const identity = JSON.stringify([model, provider, region, serviceTier, systemFingerprint, route]);
      const known = numbers.get(identity);
      if (known !== undefined) return known;
      addServedBy.run({ model, provider, region, serviceTier, systemFingerprint, route, identity });
      const stored = numberOfServedBy.get({ identity });
      if (stored === undefined) throw new Error(`served_by ${identity} was stored but is not there`);
      remember(numbers, identity, stored);
      return stored;
    },
    value(servedByNo) {
      const known = values.get(servedByNo);
      if (known !== undefined) return known;
      const row = servedByNumber.get({ servedByNo });
      if (row === undefined) throw new Error(`served_by ${servedByNo} is referenced but not there`);
      const value: ServedBy = Object.freeze({
        model: row.model,
        provider: row.provider,
        region: row.region,
        serviceTier: row.service_tier,
        systemFingerprint: row.system_fingerprint,
        route: row.route,
      });
      remember(values, servedByNo, value);
      return value;
    },
    forget() {
      numbers.clear();
      values.clear();
    },
  };
}

function remember<Key, Value>(cache: Map<Key, Value>, key: Key, value: Value): void {
  if (cache.size >= REMEMBERED) cache.clear();
  cache.set(key, value);
}
