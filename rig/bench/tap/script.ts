import { formatStatusWord, SW, statusWordMeaning } from '../../../src/apdu/status-word.ts';
import type { PlanName, Sequence } from '../../cli/options.ts';
import { readIdentityByFid, readIdentityBySfi, readPointers } from '../../tap/field-sequences.ts';
import { readNdef } from '../../tap/ndef.ts';
import { readOwnApplication } from '../../tap/own-application.ts';
import { READ_PLANS } from '../../tap/plan.ts';
import { type CardReading, emptyReading } from '../../tap/reading.ts';
import type { CardTerminal } from '../../tap/terminal.ts';

/** What a tap sends, and how it knows that it was a good one. */
export interface TapScript {
  /** For people: `own, plan minimal`, `4 commands`. */
  readonly name: string;
  /** @returns why the card's answers are no good, in a sentence, or null. @throws {HalError} */
  run(terminal: CardTerminal): Promise<string | null>;
}

/** @param code for VERIFY through the reader; null when there is none, or the phone takes it */
export function readingScript(sequence: Sequence, plan: PlanName, code: Uint8Array | null): TapScript {
  const own = sequence === 'all' || sequence === 'own';
  return {
    name: own ? `${sequence}, plan ${plan}` : sequence,
    async run(terminal) {
      const reading = emptyReading();
      if (sequence === 'all' || sequence === 'identity') await readIdentityBySfi(terminal, reading);
      if (sequence === 'identity-by-fid') await readIdentityByFid(terminal, reading);
      if (sequence === 'pointers') await readPointers(terminal, reading);
      if (own) await readOwnApplication(terminal, reading, code, READ_PLANS[plan]);
      if (sequence === 'ndef') await readNdef(terminal, reading);
      return complaint(reading, own);
    },
  };
}

function complaint(reading: CardReading, own: boolean): string | null {
  const { code, refusals, checks } = reading;
  if (code.outcome === 'wrong') return 'the card says that the code is wrong';
  if (code.outcome === 'blocked') return "the card's code is blocked";
  const locked = refusals.find(({ status }) => status === formatStatusWord(SW.SECURITY_STATUS_NOT_SATISFIED));
  if (own && locked !== undefined) {
    return `the card refuses ${locked.what} (6982): its holder has to unlock it, or the code is missing`;
  }
  const failed = checks.find(({ verdict }) => verdict === 'fail');
  if (failed !== undefined) return `what was read does not hold: ${failed.detail}`;
  const { ownApplication, identities, pointed, ndef } = reading;
  if (!ownApplication && identities.length === 0 && pointed.length === 0 && ndef === null) {
    return 'the card answers to no name that is read here';
  }
  return null;
}

/** Sends these and wants 9000, or a warning or 61xx, for each. */
export function commandScript(commands: readonly Uint8Array[]): TapScript {
  return {
    name: commands.length === 1 ? '1 command' : `${commands.length} commands`,
    async run(terminal) {
      for (const [i, command] of commands.entries()) {
        const { sw } = await terminal.send(command);
        if (sw !== SW.OK && sw >> 8 !== 0x62 && sw >> 8 !== 0x63) {
          return `command ${i + 1} is refused (${formatStatusWord(sw)}: ${statusWordMeaning(sw)})`;
        }
      }
      return null;
    },
  };
}
