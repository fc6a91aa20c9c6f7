/** A specification that no image can hold, with one sentence that says what is wrong where. */
export class SpecificationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SpecificationError';
  }
}
