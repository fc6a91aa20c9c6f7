/** The bench as a library: cards from profiles, readings, traces. The command line is one more user of it. */

export type { CardSource } from './card/card-source.ts';
export { buildImage, type CardSettings, type OpenedCard, openCard } from './card/open.ts';
export { PhoneScreen, type UnlockOutcome } from './card/phone-screen.ts';
export * from './card/profile/index.ts';
export { accountOf, type PhaseAccount, type TapAccount } from './tap/account.ts';
export { readIdentityByFid, readIdentityBySfi, readPointers } from './tap/field-sequences.ts';
export { judge } from './tap/judge.ts';
export { readOwnApplication } from './tap/own-application.ts';
export { type CardReading, type CodeOutcome, emptyReading } from './tap/reading.ts';
export { type CardAnswer, CardTerminal, type ExchangeListener, type TimedExchange } from './tap/terminal.ts';
export * from './trace/model.ts';
export { TraceError, TraceReader } from './trace/reader.ts';
export { type TraceDescription, type TraceOptions, TraceWriter } from './trace/writer.ts';
