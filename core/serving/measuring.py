"""What is measured through a running endpoint: parity with offline, and replays of real traffic. Only one measurement
has an endpoint at a time, because each of them moves its online features through time."""

from core.compute import ComputeService
from core.foundation.actions import Foundation, Service
from core.registry.service import RegistryService
from core.serving.admissions import AdmissionOffice
from core.serving.tickets import TicketOffice


class Measuring(Service):
    domain = "serving"

    def __init__(self, foundation: Foundation, *, compute: ComputeService, registry: RegistryService) -> None:
        super().__init__(foundation)
        self._compute, self._registry = compute, registry
        self.tickets = TicketOffice(foundation.settings.home)
        self.admissions = AdmissionOffice(foundation.settings.home)
