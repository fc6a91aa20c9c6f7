/** Content of a file that is not what the data dictionary says: which file, which tag, what is wrong. */
export class CardDataError extends Error {
  /** Identifier of the file in hex, `E004`; several files may share a format. */
  readonly file: string;
  /** Tag of the data object at fault, or 0 when it is the file as a whole. */
  readonly tag: number;

  constructor(file: string, tag: number, reason: string, options?: { cause?: unknown }) {
    super(`${file}: ${tag === 0 ? '' : `tag ${tag.toString(16).toUpperCase()}: `}${reason}`, options);
    this.name = 'CardDataError';
    this.file = file;
    this.tag = tag;
  }
}
