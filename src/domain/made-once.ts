/** Makes a thing when it is first asked for, and keeps it. What could not be made is not kept: whoever asks next has it tried again. */
export function madeOnce<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    if (made !== null) return made;
    const making = Promise.try(make);
    made = making;
    making.catch(() => {
      made = null;
    });
    return making;
  };
}
