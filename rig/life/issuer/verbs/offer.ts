import { CannotRun } from '../../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../../console/io.ts';
import { migrate } from '../../../store/migrate.ts';
import { statusListUrl } from '../issuer-folder.ts';
import { OPENID_TABLES } from '../openid/migrations.ts';
import { registryPart } from '../openid/of-registry.ts';
import { allowOffer } from '../openid/offer.ts';
import { OpenIdRefusal } from '../openid/refusals.ts';
import { timeText, withIssuer } from './with-issuer.ts';

export interface OfferOptions {
  readonly folder: string;
  readonly activation: string;
}

/** `vitap issuer offer`: lets a phone ask for one more offer of its credential. */
export async function offerAgain({ folder, activation }: OfferOptions, io: CommandIo): Promise<ExitCode> {
  return withIssuer(folder, io, async ({ config, store }, now) => {
    await migrate(store.sql, OPENID_TABLES, now);
    const clock = (): number => now;
    const part = registryPart(store, () => statusListUrl(config.origin), clock);
    try {
      const until = await allowOffer({ ...part, now: clock }, activation);
      if (io.json) writeJson(io, { activation, until });
      else io.stdout(`${activation}: its phone may ask for one more offer until ${timeText(until)}\n`);
      return EXIT.pass;
    } catch (error) {
      if (!(error instanceof OpenIdRefusal)) throw error;
      throw new CannotRun(`${error.message}: vitap issuer status ${folder} lists them`, { cause: error });
    }
  });
}
