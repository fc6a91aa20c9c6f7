/** The bench as a library: cards from profiles, simulated boards and their field, readings, traces. The command line is one more user of it. */

export type { CardSource } from './card/card-source.ts';
export { buildImage, type CardSettings, type OpenedCard, openCard } from './card/open.ts';
export { PhoneScreen, type UnlockOutcome } from './card/phone-screen.ts';
export * from './card/profile/index.ts';
export { type BoardEvent, type BoardOptions, SimulatedBoard } from './sim/board.ts';
export { type BoardFault, FaultSyntaxError, parseFault } from './sim/faults/parse.ts';
export { FAULTS, type Fault, type FaultDescription, type FaultName } from './sim/faults/plan.ts';
export { FieldCard, type FieldCardOptions } from './sim/field/card.ts';
export { type AirFault, type AirFrame, type Antenna, Field, type FieldEvent } from './sim/field/field.ts';
export type { TypeAIdentity } from './sim/field/type-a.ts';
export { type SimulatedPair, type SimulatedPairOptions, simulatedPair } from './sim/pair.ts';
export type { ChipOptions } from './sim/pn532/state.ts';
export { MemoryPorts } from './sim/serial/memory-port.ts';
export { PtyError, PtyPort } from './sim/serial/pty-port.ts';
export { RealTimeline, type Timeline, VirtualTimeline } from './sim/timeline.ts';
export { accountOf, type PhaseAccount, type TapAccount } from './tap/account.ts';
export { readIdentityByFid, readIdentityBySfi, readPointers } from './tap/field-sequences.ts';
export { judge } from './tap/judge.ts';
export { readOwnApplication } from './tap/own-application.ts';
export { type CardReading, type CodeOutcome, emptyReading } from './tap/reading.ts';
export { type CardAnswer, CardTerminal, type ExchangeListener, type TimedExchange } from './tap/terminal.ts';
export * from './trace/model.ts';
export { TraceError, TraceReader } from './trace/reader.ts';
export { type TraceDescription, type TraceOptions, TraceWriter } from './trace/writer.ts';
