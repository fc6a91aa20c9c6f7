import { INS } from '../../../src/apdu/instruction.ts';
import { formatStatusWord, SW, statusWordMeaning, triesInWords } from '../../../src/apdu/status-word.ts';
import { offersPace } from '../../channel/open-channel.ts';
import type { ReaderChannel } from '../../channel/reader-channel.ts';
import { counted } from '../../report/words.ts';
import { readIdentityByFid, readIdentityBySfi, readPointers } from '../../tap/field-sequences.ts';
import { readNdef } from '../../tap/ndef.ts';
import type { PlanName, Sequence } from '../../tap/options.ts';
import { readOwnApplication } from '../../tap/own-application.ts';
import { READ_PLANS } from '../../tap/plan.ts';
import { type CardReading, emptyReading } from '../../tap/reading.ts';
import type { CardTerminal } from '../../tap/terminal.ts';

/** Why a card's answers are no good. */
export interface Complaint {
  /** One sentence. */
  readonly message: string;
  /** Whether the next tap must not be: it would cost the card a try of its code. */
  readonly final: boolean;
}

/** What a tap sends, and how it knows that it was a good one. */
export interface TapScript {
  /** For people: `own`, `4 commands`. */
  readonly name: string;
  /** How the own application is read; null where it is not. */
  readonly plan: PlanName | null;
  /** @returns what is wrong with the answers, or null. @throws {HalError} */
  run(terminal: CardTerminal): Promise<Complaint | null>;
}

/** @param code for VERIFY through the reader; null when there is none, or the phone takes it */
export function readingScript(sequence: Sequence, plan: PlanName, code: Uint8Array | null): TapScript {
  const own = sequence === 'all' || sequence === 'own';
  return {
    name: sequence,
    plan: own ? plan : null,
    async run(terminal) {
      const reading = emptyReading();
      if (sequence === 'all' || sequence === 'identity') await readIdentityBySfi(terminal, reading);
      if (sequence === 'identity-by-fid') await readIdentityByFid(terminal, reading);
      if (sequence === 'pointers') await readPointers(terminal, reading);
      if (own) await readOwnApplication(terminal, reading, code, READ_PLANS[plan]);
      if (sequence === 'ndef' || (sequence === 'all' && !isVitale(reading))) await readNdef(terminal, reading);
      const needsChannel =
        terminal.channel === null && isRefused(reading) && (await offersPace((command) => terminal.send(command)));
      return needsChannel ? harmless(NEEDS_CHANNEL) : complaintAbout(reading, own && isVitale(reading), code !== null);
    },
  };
}

const NEEDS_CHANNEL = 'what the card refuses (6982) needs PACE: --can-file FILE or VITAP_CAN';

function isRefused({ refusals }: CardReading): boolean {
  return refusals.some(({ status }) => status === formatStatusWord(SW.SECURITY_STATUS_NOT_SATISFIED));
}

function isVitale({ ownApplication, identities, pointed }: CardReading): boolean {
  return ownApplication || identities.length > 0 || pointed.length > 0;
}

function complaintAbout(reading: CardReading, own: boolean, codeGiven: boolean): Complaint | null {
  const { code, refusals, checks } = reading;
  if (code.outcome === 'wrong') {
    const left = triesInWords(code.triesLeft);
    return { message: `the card says that the code is wrong (${left}); no more are spent`, final: true };
  }
  if (code.outcome === 'blocked') return { message: "the card's code is blocked", final: true };
  if (own && code.outcome === 'refused') {
    return harmless(`the card does not take the code in the clear through this reader (${code.status})`);
  }
  const locked = refusals.find(({ status }) => status === formatStatusWord(SW.SECURITY_STATUS_NOT_SATISFIED));
  if (own && locked !== undefined) {
    const why = codeGiven
      ? 'its rules want something else than the code'
      : 'the code is missing (--pin, --pin-file FILE or VITAP_PIN), or the holder has to unlock the card on the phone';
    return harmless(`the card refuses ${locked.what} (6982): ${why}`);
  }
  const failed = checks.find(({ verdict }) => verdict === 'fail');
  if (failed !== undefined) return harmless(`what was read does not hold: ${failed.detail}`);
  if (!isVitale(reading) && reading.ndef === null) {
    return harmless('the card answers to no name that is read here; --sequence and --apdu say what else to send');
  }
  return null;
}

function harmless(message: string): Complaint {
  return { message, final: false };
}

/** Sends these and wants 9000, or a warning of 62xx or 63xx, for each. */
export function commandScript(commands: readonly Uint8Array[]): TapScript {
  return {
    name: counted(commands.length, 'command'),
    plan: null,
    async run(terminal) {
      for (const [i, command] of commands.entries()) {
        const { sw } = await terminal.send(command);
        if (sw === SW.OK || sw >> 8 === 0x62 || (sw >> 8 === 0x63 && command[1] !== INS.VERIFY)) continue;
        const message = `command ${i + 1} is refused (${formatStatusWord(sw)}: ${statusWordMeaning(sw)})`;
        return { message, final: command[1] === INS.VERIFY };
      }
      return null;
    },
  };
}

/** The same inside a channel, which is opened first; in clear where the card has none and none was asked for. */
export function channelScript(script: TapScript, channel: ReaderChannel, signal: AbortSignal): TapScript {
  return {
    ...script,
    async run(terminal) {
      const opened = await channel.open(terminal.session, signal);
      if (opened === null) return script.run(terminal);
      terminal.enter(opened);
      try {
        return await script.run(terminal);
      } finally {
        opened.session.leave();
      }
    },
  };
}
