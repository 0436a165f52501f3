"""Why a version predicts what it predicts, as pages show it. What inputs matter stands wherever versions are judged;
what pushed one prediction is drawn beside it when somebody asks."""
