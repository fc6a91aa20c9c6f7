import type { PasswordName } from '../../src/secure-channel/index.ts';

/** The codes that can open a channel, as they are typed. */
export const PACE_CODES = ['can', 'pin', 'puk', 'mrz'] as const;
export type PaceCode = (typeof PACE_CODES)[number];

/** What a command line says of the secure channel. */
export interface ChannelChoice {
  /** Which code opens it; null: the CAN, if one is in VITAP_CAN and the card has PACE. */
  readonly code: PaceCode | null;
  /** File with that code in its first line; null: VITAP_CAN, VITAP_PIN, VITAP_PUK, VITAP_MRZ, or the terminal. */
  readonly codeFile: string | null;
  /** File of the terminal's keys, or `test`; null: PACE alone, and with a card of ours in process the test terminal's. */
  readonly terminalKeys: string | null;
  /** File for the session keys of a trace; null: they are forgotten. */
  readonly sessionKeys: string | null;
}

export const NO_CHANNEL: ChannelChoice = { code: null, codeFile: null, terminalKeys: null, sessionKeys: null };

/** In the place of a file: the terminal below the test root, which the cards of the shipped profiles trust. */
export const TEST_TERMINAL_KEYS = 'test';

export function passwordNameOf(code: PaceCode): PasswordName {
  return code.toUpperCase() as PasswordName;
}

/** Whether an option, and not only the environment, wants a channel. */
export function isAskedFor({ code, codeFile, terminalKeys }: ChannelChoice): boolean {
  return code !== null || codeFile !== null || terminalKeys !== null;
}

/** Whether a channel may come of it: an option asks for one, or VITAP_CAN has the code. */
export function mayOpen(choice: ChannelChoice, env: Readonly<Record<string, string | undefined>>): boolean {
  return isAskedFor(choice) || (env.VITAP_CAN ?? '') !== '';
}
