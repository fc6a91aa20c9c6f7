import { shown } from '../../../console/shown.ts';
import { asHtml as conformHtml } from '../../../judge/conform/html.ts';
import { conformanceRunOf, isConformDocument } from '../../../judge/conform/read-report.ts';
import { asHtml as replayHtml } from '../../../judge/replay/report/html.ts';
import { isSuiteDocument, replayReportOf } from '../../../judge/replay/report/read-document.ts';
import { traceHtml } from '../../../judge/replay/report/trace-html.ts';
import { readTrace } from '../../../trace/read-trace.ts';
import { FormatError } from '../../../trace/stream.ts';
import { MOST_REPORT_BYTES } from './files.ts';

/*
 * Reports and traces as the pages that the offline reports are, made by their own code from what a bench uploaded. It is
 * read in pieces and no further than the limits here, its texts are cleaned, and what is masked stays masked.
 */

/** A page of ours. */
export interface ReportPage {
  readonly html: string;
  /** Whether a program of ours runs in it. */
  readonly hasProgram: boolean;
}

/** `too-large`: more than is read here. `not-ours`: it is not as vitap writes it. */
export class NotShown extends Error {
  readonly code: 'too-large' | 'not-ours';

  constructor(code: 'too-large' | 'not-ours', options?: { cause?: unknown }) {
    super(code, options);
    this.code = code;
  }
}

/** @throws {NotShown} */
export async function readTracePage(name: string, pieces: ReadableStream<Uint8Array>): Promise<ReportPage> {
  try {
    const source = await readTrace({
      name,
      head: () => Promise.reject(new Error('not used')),
      chunks: () => each(pieces),
    });
    return { html: await traceHtml(name, source), hasProgram: true };
  } catch (cause) {
    throw cause instanceof FormatError ? new NotShown('not-ours', { cause }) : cause;
  }
}

/** @throws {NotShown} */
export async function readReport(pieces: ReadableStream<Uint8Array>): Promise<ReportPage> {
  const text = await readText(pieces, MOST_REPORT_BYTES);
  try {
    return await pageOf(cleaned(JSON.parse(text)) as object);
  } catch (cause) {
    // Whatever is not where it should be: the document is none of ours, or of a version that differs.
    throw new NotShown('not-ours', { cause });
  }
}

async function pageOf(document: { readonly id?: unknown; readonly schema?: unknown }): Promise<ReportPage> {
  if (isConformDocument(document)) return { html: conformHtml(conformanceRunOf(document)), hasProgram: false };
  if (isSuiteDocument(document)) return { html: await replayHtml(replayReportOf(document)), hasProgram: true };
  if (document.schema === 'vitap-bench-tap') {
    const { tapHtml } = await import('../../../measure/tap-report/html.ts');
    return { html: await tapHtml(document as never), hasProgram: false };
  }
  if (document.schema === 'vitap-board-test') {
    const { boardPage } = await import('../../../board/html.ts');
    return { html: await boardPage(document as never), hasProgram: false };
  }
  throw new Error('a document of another kind');
}

async function readText(pieces: ReadableStream<Uint8Array>, most: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const piece of each(pieces)) {
    bytes += piece.length;
    if (bytes > most) throw new NotShown('too-large');
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}

/** Not every browser iterates a stream. Whoever stops early ends what is sent. */
async function* each(pieces: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = pieces.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      if (value.length > 0) yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** Hexadecimal text and base64 may be long; it holds nothing that is not to be seen. */
const PLAIN = /^[A-Za-z0-9+/=]*$/;

/** A document whose texts hold nothing that turns or hides text. */
function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return PLAIN.test(value) ? value : shown(value);
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inside]) => [shown(key), cleaned(inside)]));
}
