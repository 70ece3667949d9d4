/** The gateways whose dialect (cache bypass, retry switches, disclosure headers) we know. */
export const GATEWAY_KINDS = [
  'generic',
  'litellm',
  'portkey',
  'openrouter',
  'cloudflare',
  'kong',
  'azure-openai',
] as const;
export type GatewayKind = (typeof GATEWAY_KINDS)[number];

/** Stands in place of a model for the list of models a gateway offers; asking for it is no use of a model. */
export const MODEL_LIST = '(models)';

/** What is probed: one model, bought at one tier, reached through one gateway. */
export type Target = {
  /** `gateway/tier/model`; the model part may itself contain slashes. */
  readonly id: string;
  readonly gateway: string;
  readonly tier: string;
  /** The model's name in the configuration, without any tier prefix. */
  readonly model: string;
  /** The name sent on the wire: the tier's prefix followed by the model. */
  readonly requestModel: string;
  /** Earlier ids of the same target, oldest last. Samples under them belong to this target. */
  readonly formerIds: readonly string[];
  /** Other names under which the gateway may truthfully say it served this model. */
  readonly servedAs?: readonly string[];
  /** Sent as `service_tier` and held against what the answer says it was served at, for example `priority`. */
  readonly serviceTier?: string;
};

/**
 * The id of a target. Gateway and tier ids never contain a slash (the configuration refuses it), so the first
 * two segments can always be told from the model.
 */
export function targetId(gateway: string, tier: string, model: string): string {
  return `${gateway}/${tier}/${model}`;
}

/** The parts of a target id, or `null` if it has fewer than three segments. */
export function parseTargetId(id: string): { gateway: string; tier: string; model: string } | null {
  const [gateway, tier, ...model] = id.split('/');
  if (!gateway || !tier || model.length === 0 || model.join('/') === '') return null;
  return { gateway, tier, model: model.join('/') };
}
