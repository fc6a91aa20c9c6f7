/**
 * A card in the firmware of a board, over the board's UART to the host: vpcd's messages, without vpcd.
 *
 * | can | cannot |
 * |---|---|
 * | commands up to 65535 bytes, responses up to 65535 with their status word | longer ones: the length has two bytes |
 * | power on, power off, reset, the ATR | tell how long a command will take: a silent board is given `SILENCE_MS` |
 * | see that the board has restarted: it says so with a message without a body | see that it was unplugged and put back without a word |
 */
export { FirmwareBoard } from './board.ts';
export type { BoardFigures } from './board-messages.ts';
export { type FirmwareOptions, FirmwareReader } from './reader.ts';
