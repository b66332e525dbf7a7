// The way of one file to the portal (tus), in pieces: what arrived is never sent again.
const parts = window.sending;
const RETRY_DELAYS = [0, 1000, 2000, 4000, 8000, 15000, 30000, 30000, 30000, 30000];

const answerOf = (response) => {
  try {
    return JSON.parse(response.getBody());
  } catch {
    return {}; // not ours
  }
};

parts.transport = (blob, { settings, headers, begunAt, metadata, lost, went, arrived, failed }) => {
  const upload = new window.tus.Upload(blob, {
    endpoint: settings.endpoint,
    uploadUrl: begunAt,
    chunkSize: settings.pieceBytes,
    headers,
    metadata,
    retryDelays: RETRY_DELAYS,
    storeFingerprintForResuming: false,
    removeFingerprintOnSuccess: false,
    onShouldRetry: (error) => {
      const status = error.originalResponse?.getStatus() ?? 0;
      const again =
        status < 400 ||
        status >= 500 ||
        (status === 409 && !answerOf(error.originalResponse).sentence) ||
        status === 423;
      if (again && status !== 423) lost();
      return again && navigator.onLine;
    },
    onProgress: (sent) => went(sent),
    onSuccess: () => arrived(upload.url.split("/").at(-2)),
    onError: (error) => {
      const response = error.originalResponse;
      failed(response?.getStatus() ?? 0, response ? answerOf(response) : {});
    },
  });
  return {
    start: () => upload.start(),
    goOn: () => upload.abort(false).finally(() => upload.start()),
    async takeBack() {
      const address = upload.url;
      try {
        await upload.abort(false);
        if (address) await window.tus.Upload.terminate(address, { headers, retryDelays: RETRY_DELAYS });
      } catch {
        // What is left of it expires by itself.
      }
    },
  };
};
