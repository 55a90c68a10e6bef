/** An answer that is no sequence of whole blocks: the connection was cut, or the bytes were changed on the way. */
export class BrokenAnswerError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`the answer in Native format ${reason}`, options);
    this.name = new.target.name;
  }
}

/** A row has bytes that are no UTF-8 text. Decoding would replace them silently. */
export class NotUtf8Error extends Error {
  constructor() {
    super('the answer has text that is not UTF-8, which another program stored');
    this.name = new.target.name;
  }
}
