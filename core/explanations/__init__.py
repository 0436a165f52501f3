"""Why a version predicts what it predicts. How much its inputs matter is evidence, measured on rows that training has
not seen; what pushed one prediction up or down is worked out when somebody asks."""
