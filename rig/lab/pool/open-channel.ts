import { type Channel, openWebSocket } from '../../../src/hal/distant/index.ts';
import { pinnedAgent } from '../../web/pinned-fetch.ts';
import type { LabLine } from '../api/call.ts';

const TIMEOUT_MS = 10_000;

/** A WebSocket of the lab, with the token and the pinned key of its line. @throws {HalError} as it is refused; the reason of the signal */
export function openPoolChannel(
  { origin, token, signal }: LabLine,
  path: string,
  pin: string | null,
): Promise<Channel> {
  return openWebSocket({
    url: `${origin.replace(/^http/, 'ws')}${path}`,
    headers: { authorization: `Bearer ${token}` },
    timeoutMs: TIMEOUT_MS,
    ...(signal !== undefined && { signal }),
    ...(pin !== null && { agent: pinnedAgent(pin) }),
  });
}
