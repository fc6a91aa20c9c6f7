import { DistantReader, openWebSocket } from '../../src/hal/distant/index.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { parsePin, pinnedAgent } from '../web/pinned-fetch.ts';
import { labAddress, readTokenAddress } from '../web/token-origin.ts';
import type { ForeignReader } from './driver.ts';

/** The server waits for a bench, and says so when none gives its reader. */
const TIMEOUT_MS = 40_000;

/**
 * A reader at a bench of the lab that VITAP_LAB names, for as long as it is open. Its token, an operator's, is in the file
 * VITAP_LAB_TOKEN_FILE; VITAP_LAB_PIN pins the server's key.
 * @param signal ends the waiting, and a moment later the use
 * @throws {CannotRun} no lab is named; {HalError} `no-service`, `no-reader`, `permission` as the server refuses; the reason
 * of the signal
 */
export async function openLabReader(
  label: string,
  env: Readonly<Record<string, string | undefined>>,
  signal?: AbortSignal,
): Promise<ForeignReader> {
  const address = labAddress(null, env);
  const { pin } = address;
  const { origin, token } = readTokenAddress(address);
  const channel = await openWebSocket({
    url: `${origin.replace(/^http/, 'ws')}/v1/pool?label=${encodeURIComponent(label)}`,
    headers: { authorization: `Bearer ${token}` },
    timeoutMs: TIMEOUT_MS,
    ...(signal !== undefined && { signal }),
    ...(pin !== null && { agent: pinnedAgent(parsePin(pin)) }),
  });
  const reader = new DistantReader(channel, systemClock, signal);
  return { reader, name: null, backendAt: () => reader.backend };
}
