import { type ChannelChoice, NO_CHANNEL, TEST_TERMINAL_KEYS } from '../../channel/choice.ts';
import type { CommandIo } from '../../console/io.ts';

/** The code of every shipped test card; printed, because it protects nothing. */
export const TEST_CODE = '274916';
/** The access number of profile apcv, as the phone shows it. */
export const TEST_CAN = '161803';
/** That number from VITAP_CAN, and the terminal below the test root. */
export const TEST_CHANNEL: ChannelChoice = { ...NO_CHANNEL, code: 'can', terminalKeys: TEST_TERMINAL_KEYS };

export function title(io: CommandIo, text: string): void {
  io.stdout(`\n== ${text} ==\n`);
}

export function step(io: CommandIo, text: string): void {
  io.stdout(`· ${text}\n`);
}
