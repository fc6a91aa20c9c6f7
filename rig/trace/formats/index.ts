import type { Exporter, Importer } from '../stream.ts';
import { apdu4jDumpExporter, apdu4jDumpImporter } from './apdu4j-dump.ts';
import { apdutoolOutputImporter } from './apdutool-output.ts';
import { apdutoolScriptExporter, apdutoolScriptImporter } from './apdutool-script.ts';
import { cardpeekExporter, cardpeekImporter } from './cardpeek-clf.ts';
import { gematikExporter, gematikImporter } from './gematik-replay.ts';
import { gpLogExporter, gpLogImporter } from './gp-log.ts';
import { gpshellImporter } from './gpshell.ts';
import { jcshellImporter } from './jcshell.ts';
import { libnfcImporter } from './libnfc.ts';
import { openscDebugImporter } from './opensc-debug.ts';
import { openscExplorerImporter, openscToolExporter, openscToolImporter } from './opensc-tool.ts';
import { pcapExporter, pcapImporter } from './pcap.ts';
import { pcapngImporter } from './pcapng.ts';
import { gsmtapExporter, pcapngExporter } from './pcapng-writer.ts';
import { pcscSpyImporter } from './pcsc-spy.ts';
import { pcscSpyTextImporter } from './pcsc-spy-text.ts';
import { pcscdLogExporter, pcscdLogImporter } from './pcscd-log.ts';
import { proxmarkExporter, proxmarkImporter } from './proxmark.ts';
import { proxmarkHexdumpImporter } from './proxmark-hexdump.ts';
import { proxmarkListImporter } from './proxmark-list.ts';
import { pyscardImporter } from './pyscard.ts';
import { scriptorOutputExporter, scriptorOutputImporter } from './scriptor-output.ts';
import { scriptorScriptExporter, scriptorScriptImporter } from './scriptor-script.ts';
import { vitapExporter, vitapImporter } from './vitap.ts';

/** Every format that is read. Where two guess alike the first wins. */
export const IMPORTERS: readonly Importer[] = [
  // Frames and our own.
  vitapImporter,
  pcapngImporter,
  pcapImporter,
  proxmarkImporter,
  proxmarkListImporter,
  proxmarkHexdumpImporter,
  // Text.
  apdu4jDumpImporter,
  apdutoolOutputImporter,
  apdutoolScriptImporter,
  cardpeekImporter,
  gematikImporter,
  gpLogImporter,
  gpshellImporter,
  jcshellImporter,
  libnfcImporter,
  openscDebugImporter,
  openscExplorerImporter,
  openscToolImporter,
  pcscSpyImporter,
  pcscSpyTextImporter,
  pcscdLogImporter,
  pyscardImporter,
  scriptorOutputImporter,
  scriptorScriptImporter,
];

/** Every format that is written. */
export const EXPORTERS: readonly Exporter[] = [
  // Frames and our own.
  vitapExporter,
  pcapngExporter,
  pcapExporter,
  gsmtapExporter,
  proxmarkExporter,
  // Text.
  apdu4jDumpExporter,
  apdutoolScriptExporter,
  cardpeekExporter,
  gematikExporter,
  gpLogExporter,
  openscToolExporter,
  pcscdLogExporter,
  scriptorOutputExporter,
  scriptorScriptExporter,
];
