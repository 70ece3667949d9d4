import type { SecureContext } from 'node:tls';
import { type ConnectSettings, createLane, type Lane, trustOf } from './lane.ts';

/** All connections of the prober. A probe never waits for one: if none is free, another is opened. */
export type Lanes = {
  /** An open idle connection for the same gateway and key if there is one, else a lane that will open its own. */
  takeWarm(origin: string, secret: string | null, http2: boolean): Lane;
  /** A lane that has never been connected and is never used again. */
  takeCold(origin: string, http2: boolean): Lane;
  /** A warm lane that must connect anew, but may be kept afterwards. */
  takeFresh(origin: string, http2: boolean): Lane;
  /** Gives a lane back after a clean exchange. */
  keep(lane: Lane, origin: string, secret: string | null, http2: boolean): void;
  /** Ends a lane, whatever it is doing. */
  destroy(lane: Lane): void;
  /** Does beforehand what the first connection over TLS would otherwise wait for. */
  prepare(): void;
  /** Closes the idle connections: the next probe of each series connects anew. */
  forget(): void;
  close(): Promise<void>;
};

export function createLanes(settings: ConnectSettings): Lanes {
  /** Most recently used last: the busiest connections stay alive, the rest idle out. */
  const idle = new Map<string, Lane[]>();
  const all = new Set<Lane>();
  let trust: SecureContext | undefined;

  const open = (origin: string, http2: boolean, cold: boolean): Lane => {
    if (origin.startsWith('https:')) trust ??= trustOf(settings);
    const lane = createLane(origin, http2, cold, settings, trust);
    all.add(lane);
    return lane;
  };
  const destroy = (lane: Lane): void => {
    all.delete(lane);
    lane.onSocketClosed = null;
    lane.client.destroy().catch(() => {});
  };

  return {
    takeWarm(origin, secret, http2) {
      const stack = idle.get(keyOf(origin, secret, http2));
      const lane = stack?.pop();
      if (lane === undefined) return open(origin, http2, false);
      lane.onSocketClosed = null;
      lane.connecting = null;
      lane.bytesBefore = lane.socket?.bytesRead ?? 0;
      return lane;
    },
    takeCold: (origin, http2) => open(origin, http2, true),
    takeFresh: (origin, http2) => open(origin, http2, false),
    keep(lane, origin, secret, http2) {
      if (lane.socket === null || lane.socket.destroyed) {
        destroy(lane);
        return;
      }
      const key = keyOf(origin, secret, http2);
      let stack = idle.get(key);
      if (stack === undefined) {
        stack = [];
        idle.set(key, stack);
      }
      stack.push(lane);
      const home = stack;
      lane.onSocketClosed = () => {
        const at = home.indexOf(lane);
        if (at !== -1) home.splice(at, 1);
        destroy(lane);
      };
    },
    destroy,
    prepare() {
      trust ??= trustOf(settings);
    },
    forget() {
      for (const stack of idle.values()) for (const lane of stack.splice(0)) destroy(lane);
    },
    async close() {
      idle.clear();
      const closing = [...all].map((lane) => lane.client.destroy().catch(() => {}));
      all.clear();
      await Promise.all(closing);
    },
  };
}

function keyOf(origin: string, secret: string | null, http2: boolean): string {
  return `${http2 ? 'h2' : 'h1'}\n${origin}\n${secret ?? ''}`;
}
