import type { AlertKind } from '../domain/alert/alert.ts';
import type { DigestPolicy, QuietHours, Route } from '../domain/alert/alert-policy.ts';
import type { Contract } from '../domain/contract/contract.ts';
import type { DeclaredWork } from '../domain/contract/maintenance.ts';
import type { DisclosureHeaders, Price, Probe, Prompt, SpendCap } from '../domain/measure/probe.ts';
import type { GatewayKind } from '../domain/measure/target.ts';
import type { AlertTuning } from './alert-tuning.ts';
import type { Secret } from './secret.ts';
import type { TimeStampSettings } from './time-stamps.ts';

/** A deployment as the operator described it, checked and frozen. Ids refer to what exists. */
export type Config = {
  /** The folder it was read from, as it was given. */
  readonly folder: string;
  readonly region: string;
  readonly gateways: readonly GatewaySettings[];
  readonly tiers: readonly TierSettings[];
  readonly models: readonly ModelRule[];
  readonly prompts: readonly Prompt[];
  readonly probes: readonly ProbeRule[];
  readonly spend: SpendCap | null;
  readonly contracts: readonly ContractSettings[];
  /** Planned work, one entry per scope. */
  readonly maintenance: readonly DeclaredWork[];
  readonly alerts: AlertSettings;
  readonly status: StatusSettings;
  /** `null`: nobody stamps the evidence. */
  readonly timeStamps: TimeStampSettings | null;
  readonly retention: { readonly samplesMs: number; readonly evidenceMs: number };
};

export type GatewaySettings = {
  readonly id: string;
  /** Without a trailing slash; `null` for a practice gateway, whose address is known once it listens. */
  readonly baseUrl: string | null;
  readonly kind: GatewayKind;
  readonly headers: Readonly<Record<string, string | Secret>>;
  readonly control: string | null;
  readonly disclosure: DisclosureHeaders | null;
  readonly apiVersion: string | null;
  readonly practice: { readonly seed: number; readonly timetable: 'demo' | 'quiet' } | null;
};

export type TierSettings = {
  readonly id: string;
  /** `null` = no authorization is sent, or the key was not asked for. */
  readonly apiKey: Secret | null;
  readonly requestsPerMinute: number | null;
  readonly modelPrefix: string;
  readonly serviceTier: string | null;
  /** The id of a contract. */
  readonly contract: string | null;
  readonly gateways: readonly string[];
};

type ModelScope = {
  readonly tiers: readonly string[];
  readonly gateways: readonly string[];
  readonly price: Price | null;
};

export type ModelRule =
  | ({
      readonly kind: 'named';
      readonly id: string;
      readonly aliases: readonly string[];
      readonly servedAs: readonly string[];
    } & ModelScope)
  | ({
      readonly kind: 'discover';
      readonly include: readonly string[];
      readonly exclude: readonly string[];
    } & ModelScope);

export type Cadence =
  | { readonly kind: 'every'; readonly everyMs: number }
  | { readonly kind: 'cron'; readonly cron: string; readonly timezone: string; readonly spreadMs: number };

export type ProbeRule = {
  readonly probe: Probe;
  readonly cadence: Cadence;
  /** Patterns. */
  readonly models: readonly string[];
  readonly tiers: readonly string[];
  readonly gateways: readonly string[];
};

export type ContractSettings = {
  readonly id: string;
  /** In order of their start; the one in force at the start of a window governs it. At least one. */
  readonly versions: readonly Contract[];
};

export type AlertSettings = {
  readonly enabled: boolean;
  readonly from: string;
  /** `null` = mail is written as files. */
  readonly smtp: {
    readonly host: string;
    readonly port: number;
    readonly security: 'starttls' | 'tls' | 'none';
    readonly user: string | null;
    readonly password: Secret | null;
    /** PEM; `null` = what the system trusts. */
    readonly ca: string | null;
  } | null;
  readonly webhooks: readonly {
    readonly name: string;
    readonly url: string;
    readonly secret: Secret | null;
  }[];
  readonly routes: readonly Route[];
  readonly escalateAfterMs: number | null;
  readonly quietHours: QuietHours | null;
  readonly digest: DigestPolicy | null;
  readonly tuning: AlertTuning;
  /** Kinds that are switched off. */
  readonly off: readonly AlertKind[];
};

export type StatusSettings = {
  readonly title: string;
  readonly bind: string;
  readonly port: number;
  readonly public: boolean;
  readonly timezone: string;
  readonly locale: string;
  /** Without a trailing slash; `null` = unknown. */
  readonly url: string | null;
};

/** Freezes a value and everything in it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
