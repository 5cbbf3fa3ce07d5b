/** The one cache of server state; failed requests become notices in one place. */
import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError, ConnectionError, messageFrom } from "../api/http";
import { sessionQuery } from "../api/session";
import { tell } from "../state/notices";

function report(error: unknown): void {
  if (error instanceof ApiError && error.status === 401) {
    void queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey });
    return;
  }
  // a lost connection has its own banner
  if (!(error instanceof ConnectionError)) tell({ kind: "error", message: messageFrom(error) });
}

export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: (error, query) => !query.meta?.quiet && report(error) }),
  mutationCache: new MutationCache({
    onError: (error) =>
      error instanceof ConnectionError ? tell({ kind: "error", message: error.message }) : report(error),
  }),
  defaultOptions: {
    queries: {
      staleTime: 5000,
      retry: (failures, error) => error instanceof ConnectionError && failures < 4,
      refetchOnWindowFocus: false,
    },
  },
});
