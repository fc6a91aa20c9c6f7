import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../../console/io.ts';
import type { RevocationReason } from '../activation.ts';
import { revoke } from '../loss.ts';
import { timeText, withIssuer } from './with-issuer.ts';

export interface RevokeOptions {
  readonly folder: string;
  readonly activation: string;
  readonly why: Exclude<RevocationReason, 'replaced'>;
}

/** `vitap issuer revoke`: ends an activation at once and queues the wipe of its phone. */
export async function revokeActivation({ folder, activation, why }: RevokeOptions, io: CommandIo): Promise<ExitCode> {
  return withIssuer(folder, io, async ({ store }, now) => {
    const done = await revoke(store, { activationId: activation, why, now });
    if (io.json) writeJson(io, { activation, ...done });
    else {
      const before = done.since === now ? 'revoked' : `revoked already, since ${timeText(done.since)}`;
      io.stdout(`${activation}: ${before} (${done.why}); its phone wipes itself when it asks next\n`);
    }
    return EXIT.pass;
  });
}
