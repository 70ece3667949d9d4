import type { LiveReport } from '../../src/domain/live/live-report.ts';
import type { Store } from '../../src/store/store.ts';
import { createServer, type Listening, type Web } from '../../src/web/server.ts';
import { recordDeployment } from './deployment.ts';
import { SCENE_AT, type Scene } from './scenes.ts';

export type Served = Listening & {
  readonly store: Store;
  readonly changed: () => void;
  readonly recorded: Web['recorded'];
  readonly rewritten: () => void;
  /** What was logged as an error. */
  readonly logged: readonly { readonly err: unknown; readonly message: string }[];
  /** Moves the clock of the server. */
  readonly setNow: (at: number) => void;
  /** Says why nothing can be stored. */
  readonly setTrouble: (why: string) => void;
};

/** The real server on a real port over a real store, looked at in the scene's own time. Ends when `t` is over. */
export async function serveScene(
  t: { readonly after: (close: () => Promise<void>) => void },
  scene: Scene,
  store?: Store,
  live?: LiveReport,
): Promise<Served> {
  const recorded =
    store ?? (await recordDeployment(scene.deployment, SCENE_AT - scene.spanMs, SCENE_AT - 3_000));
  let now = SCENE_AT;
  let trouble: string | null = null;
  const logged: { err: unknown; message: string }[] = [];
  const web = createServer({
    store: recorded,
    clock: () => now,
    settings: scene.settings,
    operationOf: () => 'chat',
    live: () => live ?? null,
    storeTrouble: () => trouble,
    log: { error: ({ err }, message) => void logged.push({ err, message }) },
  });
  const listening = await web.listen('127.0.0.1', 0);
  t.after(async () => {
    await listening.close();
    if (store === undefined) await recorded.close();
  });
  return {
    ...listening,
    store: recorded,
    changed: web.changed,
    recorded: web.recorded,
    rewritten: web.rewritten,
    logged,
    setNow: (at) => {
      now = at;
    },
    setTrouble: (why) => {
      trouble = why;
    },
  };
}
