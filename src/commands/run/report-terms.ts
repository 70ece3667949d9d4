import type { Config } from '../../config/config.ts';
import type { ReportTerms } from '../../pipeline/closing/build-report.ts';

/** Every contract of a deployment with the keys it was signed for. */
export function reportTermsOf(config: Config): readonly ReportTerms[] {
  return config.contracts.flatMap(({ id, versions }) => {
    const tiers = config.tiers.filter(({ contract }) => contract === id);
    const keys = tiers.flatMap((tier) =>
      config.gateways
        .filter((gateway) => tier.gateways.includes(gateway.id))
        .map((gateway) => `${gateway.id}/${tier.id}`),
    );
    if (keys.length === 0) return [];
    const gateways = config.gateways.filter((gateway) =>
      tiers.some((tier) => tier.gateways.includes(gateway.id)),
    );
    const fee = versions.findLast((one) => one.fee !== undefined)?.fee ?? null;
    return [
      {
        contract: id,
        versions,
        keys,
        fee,
        practice: gateways.some(({ practice }) => practice !== null),
        isStamped: config.timeStamps !== null,
      },
    ];
  });
}
