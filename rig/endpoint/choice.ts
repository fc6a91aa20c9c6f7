/** A PN532: on a serial port, or inside of a USB reader that PC/SC knows. */
export type Pn532Choice =
  | {
      readonly driver: 'pn532';
      readonly path: string;
      /** What the line is brought to; null for as fast as is usual. */
      readonly baudRate: number | null;
    }
  /** `name`: the reader's name in PC/SC or a part of it. */
  | { readonly driver: 'acr122'; readonly name: string };

export type ReaderChoice =
  | { readonly driver: 'loopback' }
  /** `name`: the reader's name or a part of it; null for the first reader with a card. */
  | { readonly driver: 'pcsc'; readonly name: string | null }
  | Pn532Choice;

export type LinkChoice =
  | { readonly driver: 'vpcd'; readonly host: string; readonly port: number }
  | (Pn532Choice & {
      /** By our own ISO/IEC 14443-4 instead of the chip's. */
      readonly raw: boolean;
    });
