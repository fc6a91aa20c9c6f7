import type { DeclareVerb } from '../program.ts';
import { declareApdu } from './apdu.ts';
import { declareBench } from './bench.ts';
import { declareBenchTap } from './bench-tap.ts';
import { declareBoard } from './board.ts';
import { declareCard } from './card.ts';
import { declareCompletion, declareMan } from './completion.ts';
import { declareConform } from './conform.ts';
import { declareConvert } from './convert.ts';
import { declareCounter } from './counter.ts';
import { declareDemo } from './demo.ts';
import { declareDoctor } from './doctor.ts';
import { declareEmulate } from './emulate.ts';
import { declareEvidence } from './evidence.ts';
import { declareFirmware } from './firmware.ts';
import { declareIdentity } from './identity.ts';
import { declareIssuer } from './issuer.ts';
import { declareLab } from './lab.ts';
import { declarePhone } from './phone.ts';
import { declarePki } from './pki.ts';
import { declareRecord } from './record.ts';
import { declareReplay } from './replay.ts';
import { declareShell } from './shell.ts';
import { declareSynth } from './synth.ts';
import { declareTap } from './tap.ts';
import { declareTrace } from './trace.ts';

/** Every verb, in the order in which help lists them. */
export const VERBS: readonly DeclareVerb[] = [
  declareDemo,
  declareCard,
  declareEmulate,
  declareTap,
  declareApdu,
  declareShell,
  declareBoard,
  declareFirmware,
  declareConform,
  declareRecord,
  declareConvert,
  declareTrace,
  declareReplay,
  declareSynth,
  declareEvidence,
  declarePki,
  declareIssuer,
  declarePhone,
  declareCounter,
  declareIdentity,
  declareLab,
  declareBench,
  declareBenchTap,
  declareDoctor,
  declareCompletion,
  declareMan,
];
