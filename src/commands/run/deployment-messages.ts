import type { HandedOver } from '../../config/hand-over.ts';

/** What the thread that reads the deployment is given. */
export type DeploymentWanted = {
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** What it answers; `warnings` are lines for the terminal. */
export type FromDeployment =
  | { readonly kind: 'read'; readonly deployment: HandedOver; readonly warnings: string }
  | { readonly kind: 'refused'; readonly message: string; readonly exitCode: number };
