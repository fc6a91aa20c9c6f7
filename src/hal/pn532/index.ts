/**
 * The PN532, NXP's NFC chip, as a reader and as a card. Facts for firmware 1.6; an older one is refused.
 *
 * | limit | value |
 * |---|---|
 * | frame | LEN 265: 264 bytes with the command code |
 * | InDataExchange, TgGetData, TgSetData, raw frames | 262 bytes of data |
 * | serial line | 9600 to 1288000 baud, 115200 after power-up; ACK within 15 ms; a frame's bytes within 89 ms at 115200 |
 * | as a reader | type A, 106 kbit/s; the chip does ISO/IEC 14443-4 and chains; commands and responses of any length here |
 * | as a card: UID | four bytes, the first always 08: a random UID, SENS_RES 0004, SEL_RES 20 |
 * | as a card, own protocol: ATS | `75 33 92 03` and the historical bytes: frames of 64 bytes, FWI 9 (154.7 ms), SFGI 2 |
 * | as a card, own protocol: APDUs | 262 bytes each way; longer responses by 61xx and GET RESPONSE |
 * | as a card, raw | our own ATS and APDUs of any length; the ATS must be there in 4.83 ms: 921600 baud or more |
 * | as a card: loss of the field | after a deselect seen 250 ms late: an activation before that is a reset to the card |
 * | not possible | type B as a card; FeliCa frames over 64 bytes as a card |
 *
 * The chip is left asleep and at 115200 baud, on every way out.
 */
export { atrOfAts, historicalBytesOf } from './answer-to-reset.ts';
export { Pn532CardLink, type Pn532CardLinkOptions } from './card-link.ts';
export * from './chip.ts';
export * from './codes.ts';
export { HsuTransport, WAKE_UP } from './hsu.ts';
export {
  FAST_BAUD_RATE,
  HsuConnection,
  HsuPort,
  type HsuPortOptions,
  POWER_UP_BAUD_RATE,
  type SerialPortFinder,
} from './hsu-port.ts';
export type { Pn532Connection, Pn532Port } from './port.ts';
export { Pn532Reader, type Pn532ReaderOptions } from './reader.ts';
export { CHIP_ERROR, Pn532StatusError, Pn532SyntaxError, STATUS } from './status.ts';
export { type CommandOptions, type Pn532Transport, realTimers, type Timers } from './transport.ts';
export type { TypeATarget } from './type-a-target.ts';
